"""The files in `deploy/` say what the fleet of lesson 13 does. (They are checked by hand with hadolint and against Knative's own
schema, `cloudcoil-models-knative-serving`; neither is needed for anything else here.)"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = yaml.safe_load((ROOT / "deploy" / "service.yaml").read_text())
CONTAINERFILE = (ROOT / "deploy" / "Containerfile").read_text()
FLEET = (ROOT / "crates" / "services" / "src" / "fleet.rs").read_text()


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
