"""The example for many machines: pinned, confined, and behind a buffering proxy."""

import re
from typing import Any

import pytest
import yaml

from tests.config.test_settings import ROOT

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if "build" in each}
PINNED = re.compile(r"\S+:[\w.-]+@sha256:[0-9a-f]{64}")


def test_every_image_is_pinned_by_its_digest():
    images = [each["image"] for each in SERVICES.values() if "image" in each]
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    images += re.findall(r"(?m)^FROM (\S+)", dockerfile)

    assert len(images) > 4
    assert [image for image in images if not PINNED.fullmatch(image)] == []


@pytest.mark.parametrize("name", SERVICES)
def test_no_process_has_or_gets_capabilities(name: str):
    service = SERVICES[name]

    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert name in {"database", "broker", "cache"} or "cap_add" not in service


@pytest.mark.parametrize("name", [*OURS, "proxy"])
def test_our_processes_cannot_write_to_their_image(name: str):
    assert SERVICES[name]["read_only"] is True


@pytest.mark.parametrize("name", OURS)
def test_the_fallback_store_outlives_the_container(name: str):
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    volume, _, directory = OURS[name]["volumes"][0].partition(":")

    assert f"VAR_DIR={directory} " in dockerfile
    assert volume in COMPOSE["volumes"]


def test_only_the_proxy_can_be_reached():
    published = [name for name, each in SERVICES.items() if "ports" in each]

    assert published == ["proxy"]
