"""Faults of a game day: how each begins and ends, and where it has to be seen."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import redis

from tests.real.support.stack import Stack

READY, PANEL, METRICS, DOCTOR, NOTICE = "ready", "panel", "metrics", "doctor", "notice"
EVERYWHERE: Final = frozenset({READY, PANEL, METRICS, DOCTOR, NOTICE})
# A load balancer need not know of what keeps no page from being served.
NOT_READY: Final = EVERYWHERE - {READY}
# What only a look from outside, or at a provider, can tell.
ASKED: Final = frozenset({DOCTOR})
OTHER_KEY: Final = "k2:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong on real processes.

    ``seen`` says by which check it is told, and where. ``end`` is what an operator does
    about it, or what heals by itself elsewhere.
    """

    name: str
    begin: Callable[[Stack], object]
    end: Callable[[Stack], object]
    seen: dict[str, frozenset[str]] = field(default_factory=dict)


def fill_redis(stack: Stack, *, limit: int) -> None:
    with redis.Redis(port=stack.valkey_port) as server:
        server.config_set("maxmemory", limit)


def refuse_client(stack: Stack) -> None:
    """Let a provider refuse this site's secret, and a refresh meet that."""
    refused = {"kind": "invalid_client", "family": "token"}
    stack.sandbox("faults/add", provider="hubspot", **refused)
    make_due(stack)


def accept_client(stack: Stack) -> None:
    stack.sandbox("calm")
    stack.rows(
        "update integrations_providerstate set paused_until = now() returning provider"
    )
    make_due(stack)


def make_due(stack: Stack) -> None:
    stack.rows(
        "update integrations_credential set refresh_due_at = '2020-01-01Z'"
        " returning version"
    )


def turn_clock_ahead(stack: Stack) -> None:
    """Start beat on a machine whose clock is an hour ahead."""
    stack.kill("beat")
    command = stack.commands["beat"]
    stack.commands["beat"] = ["faketime", "-f", "+1h", *command]
    stack.plan.environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
    stack.start("beat")
    stack.commands["beat"] = command


def take_key(stack: Stack) -> None:
    """Restart the site with another key than the one that grants are sealed with."""
    stack.plan.environment["TOKEN_KEYS"] = OTHER_KEY
    restart_site(stack)


def bring_key_back(stack: Stack) -> None:
    stack.plan.environment["TOKEN_KEYS"] = stack.values["TOKEN_KEYS"]
    restart_site(stack)


def restart_site(stack: Stack) -> None:
    for name in ("web", "worker", "beat", "notices"):
        stack.restart(name)


def lose_an_hour(stack: Stack) -> None:
    """Kill the providers, and let hours pass for what was last read from them."""
    stack.kill("sandbox")
    stack.rows(
        "update integrations_connection set last_synced_at = last_synced_at"
        " - interval '9 hours' returning id"
    )


def bring_providers_back(stack: Stack) -> None:
    stack.start("sandbox")
    stack.rows(
        "update integrations_connection set next_sync_at = '2020-01-01Z',"
        " retry_at = null returning id"
    )


def fill_disk(stack: Stack) -> None:
    """Leave no room where tokens go that the database cannot take."""
    folder = fallback_store(stack)
    folder.mkdir(exist_ok=True)
    size = "size=16k"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        # A container may not mount: then nothing can be written there either.
        folder.rmdir()
        folder.write_bytes(b"")
        return
    with (folder / "ballast").open("wb") as file:
        try:
            file.write(os.urandom(64 * 1024))
        except OSError:
            return


def make_room(stack: Stack) -> None:
    folder = fallback_store(stack)
    if folder.is_file():
        folder.unlink()
        return
    subprocess.run(["umount", folder], capture_output=True, check=False)


def fallback_store(stack: Stack) -> Path:
    return stack.directory / "var" / "fallback_store"


def misconfigure_proxy(stack: Stack) -> None:
    """Serve the site under a host that its proxy passes on and it does not know."""
    stack.plan.environment["ALLOWED_HOSTS"] = "elsewhere.example.com"
    stack.restart("web")
    del stack.plan.environment["ALLOWED_HOSTS"]


def notices_command(stack: Stack) -> list[str]:
    return [sys.executable, "manage.py", "notices", "--every", "5"]


# Of one phase are those that do not hide each other. The last begins first: without
# what the first ones take away the site would not start again.
PHASES: Final = {
    "redis gone, provider down, disk full, proxy wrong, key missing": (
        Fault(
            name="Redis gone",
            begin=lambda stack: stack.kill("valkey"),
            end=lambda stack: stack.start("valkey"),
            seen={"broker": EVERYWHERE, "cache": EVERYWHERE},
        ),
        Fault(
            name="provider down for an hour",
            begin=lose_an_hour,
            end=bring_providers_back,
            seen={"reachability": ASKED, "freshness": NOT_READY},
        ),
        Fault(
            name="disk full",
            begin=fill_disk,
            end=make_room,
            seen={"var_dir": NOT_READY},
        ),
        Fault(
            name="proxy misconfigured",
            begin=misconfigure_proxy,
            end=lambda stack: stack.restart("web"),
            seen={"proxy": NOT_READY},
        ),
        Fault(
            name="key missing",
            begin=take_key,
            end=bring_key_back,
            seen={"credentials": EVERYWHERE, "token_keys": NOT_READY},
        ),
    ),
    "clock ahead, wrong secret": (
        Fault(
            name="beat's clock ahead",
            begin=turn_clock_ahead,
            end=lambda stack: stack.restart("beat"),
            seen={"clocks": NOT_READY},
        ),
        Fault(
            name="wrong client secret",
            begin=refuse_client,
            end=accept_client,
            seen={"client_credentials": ASKED, "provider_paused": NOT_READY - ASKED},
        ),
    ),
    "redis full, beat and worker dead": (
        Fault(
            name="Redis full",
            begin=lambda stack: fill_redis(stack, limit=1),
            end=lambda stack: fill_redis(stack, limit=0),
            seen={"broker": EVERYWHERE, "cache": EVERYWHERE},
        ),
        Fault(
            name="beat dead",
            begin=lambda stack: stack.kill("beat"),
            end=lambda stack: stack.start("beat"),
            seen={"scheduler": EVERYWHERE},
        ),
        Fault(
            name="worker dead",
            begin=lambda stack: stack.kill("worker"),
            end=lambda stack: stack.start("worker"),
            seen={"workers": EVERYWHERE},
        ),
    ),
}
