"""The files in `deploy/` are what their formats demand, by hadolint and by Knative's own schema, and say what the fleet of
lesson 13 does."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from cloudcoil.models.knative_serving.serving.v1 import Service

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = yaml.safe_load((ROOT / "deploy" / "service.yaml").read_text())
CONTAINERFILE = (ROOT / "deploy" / "Containerfile").read_text()
FLEET = (ROOT / "crates" / "services" / "src" / "fleet.rs").read_text()


def _is_valid(manifest: dict) -> bool:
    """Whether each field is in Knative's schema, with its type. Strict: a number in quotes is no number."""
    try:
        service = Service.model_validate(manifest, strict=True)
    except ValueError:
        return False
    # The models pass over a field that they do not know: then it is missing from what they read.
    return service.model_dump(mode="json", by_alias=True, exclude_unset=True) == manifest


def test_the_manifest_keeps_to_the_schema() -> None:
    assert _is_valid(MANIFEST)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda spec: spec.update(containerConcurrency="five"),
        lambda spec: spec.update(containerConcurency=5),
        lambda spec: spec["containers"][0].update(startProbe={"httpGet": {"path": "/health/ready"}}),
        lambda spec: spec["containers"][0]["ports"][0].update(containerPort="8080"),
    ],
    ids=["not a number", "misspelled", "no such probe", "a number in quotes"],
)
def test_the_schema_finds_what_is_wrong(spoil: Callable[[dict], None]) -> None:
    manifest = copy.deepcopy(MANIFEST)
    spoil(manifest["spec"]["template"]["spec"])
    assert not _is_valid(manifest)


# Notes of style (`info`) are for whoever writes the file.
@pytest.mark.parametrize("file", ["deploy/Containerfile", "docker/Dockerfile"])
def test_hadolint_finds_nothing(file: str) -> None:
    hadolint = Path(sys.prefix, "bin", "hadolint")
    ran = subprocess.run(
        [hadolint, "--no-color", "--failure-threshold", "warning", ROOT / file],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def _default(setting: str) -> int:
    return int(re.search(rf"^ +{setting}: (\d+),$", FLEET, re.MULTILINE)[1])


def test_the_manifest_has_the_limits_of_the_fleet() -> None:
    template = MANIFEST["spec"]["template"]
    assert template["spec"]["containerConcurrency"] == _default("concurrency")
    annotations = template["metadata"]["annotations"]
    assert annotations["autoscaling.knative.dev/maxScale"] == str(_default("max_instances"))
    assert annotations["autoscaling.knative.dev/minScale"] == "0"


def test_the_manifest_and_the_container_agree() -> None:
    (container,) = MANIFEST["spec"]["template"]["spec"]["containers"]
    port = container["ports"][0]["containerPort"]
    assert f"ENV PORT={port} " in CONTAINERFILE
    assert container["securityContext"]["runAsNonRoot"] is True
    assert re.search(r"^USER \d+:\d+$", CONTAINERFILE, re.MULTILINE)
    assert "HEALTHCHECK" in CONTAINERFILE
