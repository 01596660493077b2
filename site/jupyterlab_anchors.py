"""The anchors of headings, as JupyterLab makes them."""


def anchor(heading: str) -> str:
    """`Run a cell` gives `Run-a-cell`."""
    return heading.replace(" ", "-")
