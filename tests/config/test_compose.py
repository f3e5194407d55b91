"""The example for many machines: pinned, confined, and behind a buffering proxy."""

import argparse
import json
import re
import shlex
from typing import Any

import pytest
import yaml

from config.background.queues import WORKERS
from config.processes import MIGRATE, PROCESSES, WEB
from config.web import refusals
from tests.config.test_settings import ROOT

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if "build" in each}
CELERY_WORKER = ["celery", "-A", "config", "worker"]
# Read by gunicorn itself.
GUNICORNS = {"FORWARDED_ALLOW_IPS"}
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


def worker_options(words: Any) -> dict[str, str]:
    """Read the options of a worker's command that say what it takes, and how."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("-Q", dest="queue")
    parser.add_argument("--pool", default="prefork")
    parser.add_argument("--concurrency")
    return vars(parser.parse_known_args(list(words))[0])


def test_each_queue_has_the_worker_that_it_has_on_one_machine():
    commands = [
        shlex.split(each["command"]) for each in OURS.values() if "command" in each
    ]
    workers = [words[4:] for words in commands if words[:4] == CELERY_WORKER]

    assert [worker_options(words) for words in workers] == [
        worker_options(words) for words in WORKERS.values()
    ]


def test_each_process_of_a_site_is_there():
    commands = {
        name: each.get("command", shlex.join(WEB.command))
        for name, each in OURS.items()
    }

    told = {each.name: shlex.join(each.command) for each in (MIGRATE, *PROCESSES)}
    plain = told["worker-refresh"].replace(" --pool prefork", "")
    assert commands == {**told, "worker-refresh": plain}


def test_the_image_is_the_web_process():
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")

    assert f"CMD {json.dumps(list(WEB.command))}" in dockerfile


def test_whoever_waits_for_another_waits_for_one_that_there_is():
    waits = {name: list(each.get("depends_on", ())) for name, each in SERVICES.items()}

    assert [n for names in waits.values() for n in names if n not in SERVICES] == []
    # All that need tables begin behind the migrations.
    assert all("migrate" in waits[name] for name in OURS if name != "migrate")


@pytest.mark.parametrize("name", OURS)
def test_a_process_is_given_settings_that_there_are(name: str):
    example = (ROOT / ".env.example").read_text("utf-8")
    known = set(re.findall(r"(?m)^(?:# ?)?([A-Z][A-Z0-9_]+)=", example)) | GUNICORNS

    assert set(OURS[name]["environment"]) <= known


def test_the_proxy_passes_on_to_where_the_site_listens():
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    (port,) = SERVICES["web"]["expose"]
    source, target, _mode = SERVICES["proxy"]["volumes"][0].split(":")
    proxy = (ROOT / source).read_text("utf-8")

    assert f"0.0.0.0:{port}" in dockerfile
    assert f"web:{port}" in proxy
    assert target == "/etc/nginx/conf.d/default.conf"
    published = SERVICES["proxy"]["ports"][0].rpartition(":")[2]
    assert f"listen {published}" in proxy


def test_everything_that_is_kept_has_a_volume():
    kept = [
        v.partition(":")[0] for s in SERVICES.values() for v in s.get("volumes", ())
    ]

    assert {each for each in kept if not each.startswith(".")} == set(
        COMPOSE["volumes"]
    )


def test_the_proxys_own_answers_say_what_the_sites_own_say():
    proxy = (ROOT / "config/proxy/nginx.conf").read_text("utf-8")
    said = set(re.findall(r"(?m)^ +add_header ([\w-]+) \$own_\w+ always;", proxy))

    framing = {"Connection", "Content-Type"}
    assert said == refusals.HEADERS.keys() - framing | {"Strict-Transport-Security"}
