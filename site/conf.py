"""Sphinx's settings for the lessons as a static site. `tools/static_site.py` builds it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

# Where the site's source is on the web, such as https://github.com/OWNER/NAME. The workflow sets it; without it no page
# has links to Binder or to its source.
REPOSITORY = os.environ.get("SITE_REPOSITORY", "")

project = "Async Rust in Jupyter notebooks"
author = "the authors of the course"
language = "en"

extensions = ["myst_nb"]
exclude_patterns = ["venv", "assets/**/*.md", "**/.ipynb_checkpoints"]

# The notebooks hold the outputs of one clean run by our kernel: these are shown.
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_error_lexer = "myst-ansi"  # the colors of rustc
nb_render_text_lexer = "myst-ansi"
# Code with an ellipsis, and output that only looks like code.
suppress_warnings = ["misc.highlighting_failure"]
# The pictures are in `text/html`, as an <img> with a text in its place for who cannot see it.
nb_mime_priority_overrides = [("html", "text/html", 0)]

myst_heading_anchors = 4
# Links within a lesson are JupyterLab's: `#Run-a-cell`.
myst_heading_slug_func = "jupyterlab_anchors.anchor"

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static"]
html_css_files = ["course.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "home_page_in_toc": True,
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "navbar_persistent": [],  # the search is in the side bar
    "use_download_button": False,
    "use_fullscreen_button": False,
    "use_issues_button": False,
    # Black on white and white on black: each kind of token has the contrast that WCAG AA asks for.
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
if REPOSITORY:
    html_theme_options |= {
        "repository_url": REPOSITORY,
        "repository_branch": "main",
        "path_to_docs": "",
        "use_repository_button": True,
        "launch_buttons": {"binderhub_url": "https://mybinder.org", "notebook_interface": "jupyterlab"},
    }
