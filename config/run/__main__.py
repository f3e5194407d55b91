"""Run the whole site on this machine, from nothing to a printed address."""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config.environment.env import FALSE, read_env_file
from config.private_files import UMASK
from config.run import ADMINISTRATOR
from config.run.keys import append_to_env_file, missing_secrets
from config.run.plan import Plan, PlanError, make_plan
from config.run.supervisor import StartError, Supervisor, find_taken_ports
from config.run.terminal import say

PR_SET_PDEATHSIG = 1
BASE_DIR = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    """Prepare, start, wait; return the exit code."""
    # Valkey and the sandbox get it from here; what reads the settings, from there.
    os.umask(UMASK)
    if "MAKELEVEL" in os.environ:
        end_with_parent()
    try:
        plan = make_plan(BASE_DIR, _read_environment())
    except (PlanError, ImproperlyConfigured) as exc:
        say("run", str(exc))
        return 1
    taken = find_taken_ports(plan)
    if taken:
        say("run", "\n".join(taken))
        return 1
    password = _prepare(plan)
    if password is None:
        return 1
    try:
        Supervisor(plan).run(_greeting(plan, password))
    except StartError as exc:
        say("run", f"Giving up: {exc}.")
        return 1
    return 0


def end_with_parent() -> None:
    """Have Linux stop us when make is killed, which cannot signal it otherwise."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _read_environment() -> dict[str, str]:
    """Merge ``.env`` and the process; add to ``.env`` what a first run lacks."""
    name = os.environ.get("ENV_FILE", ".env")
    if name in FALSE:
        return dict(os.environ)
    path = BASE_DIR / name
    values = {**read_env_file(path), **os.environ}
    fresh = missing_secrets(values)
    append_to_env_file(path, fresh)
    if fresh:
        say("run", f"Wrote {' and '.join(fresh)} to {path.name}.")
    return {**values, **fresh}


def _prepare(plan: Plan) -> str | None:
    """Return a new administrator's password, or None when preparing failed."""
    done = subprocess.run(
        [sys.executable, "-m", "config.run.prepare"],
        cwd=plan.base_dir,
        env={**plan.environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
        check=False,
        text=True,
    )
    if done.returncode != 0:
        say("run", "The database could not be prepared; the reason is above.")
        return None
    return done.stdout.strip()


def _greeting(plan: Plan, password: str) -> str:
    lines = ["", f"Mooring is at {plan.public_base_url}/"]
    if password:
        lines += [
            f"Sign in as {ADMINISTRATOR} with the password {password}",
            "It is shown this once; change it under your account.",
        ]
    return "\n".join([*lines, "Ctrl-C stops everything.", ""])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
