"""Checks of this machine: disk, files and their permissions, what is installed."""

import os
import re
import shutil
import stat
import sys
from importlib import metadata
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks.check import (
    ALWAYS,
    SEEN,
    Check,
    Result,
    Severity,
)

LEAST_FREE_SHARE, LEAST_FREE_BYTES = 0.05, 1024**3
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def _disk(_census: Census) -> Result:
    usage = shutil.disk_usage(settings.VAR_DIR)
    is_well = (
        usage.free > LEAST_FREE_BYTES or usage.free > usage.total * LEAST_FREE_SHARE
    )
    megabytes = usage.free // 1024**2
    found = "" if is_well else f"{megabytes} MB are free at {settings.VAR_DIR}"
    return Result(ok=is_well, found=found, facts={"free_megabytes": megabytes})


def _var_dir(_census: Census) -> Result:
    """Write a file where tokens go that the database could not take."""
    folder = Path(settings.VAR_DIR) / "fallback_store"
    probe = folder / f"{uuid4()}.probe"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe.write_text("probe", encoding="utf-8")
        probe.unlink()
    except OSError as exc:
        return Result(ok=False, found=f"{folder} takes no file ({type(exc).__name__})")
    return Result(ok=True)


def _open_files() -> list[Path]:
    """Return the files with secrets, of our own user, that others may read."""
    names = [*settings.SECRET_FILES, str(settings.VAR_DIR)]
    files = [Path(name) for name in names]
    return [each for each in files if each.exists() and _is_open(each)]


def _is_open(path: Path) -> bool:
    status = path.stat()
    is_ours = status.st_uid == os.geteuid()
    # A sticky directory, such as /tmp, is meant for others as well.
    is_private = not status.st_mode & stat.S_ISVTX
    return is_ours and is_private and bool(status.st_mode & _excess(status))


def _excess(status: os.stat_result) -> int:
    """Return the rights that nobody needs.

    What root gives to another group is for the site, which runs as another user.
    """
    is_for_site = status.st_uid == 0 and status.st_gid != 0
    return stat.S_IRWXO if is_for_site else FOR_OTHERS


def _files(_census: Census) -> Result:
    opened = [str(path) for path in _open_files()]
    found = f"others may use {', '.join(opened)}" if opened else ""
    return Result(ok=not opened, found=found, facts={"files": opened})


def _close_files() -> str:
    opened = _open_files()
    for path in opened:
        status = path.stat()
        path.chmod(stat.S_IMODE(status.st_mode) & ~_excess(status))
    return f"closed {', '.join(map(str, opened))}"


def _packages(_census: Census) -> Result:
    pins = Path(settings.BASE_DIR) / "requirements.txt"
    text = pins.read_text(encoding="utf-8") if pins.is_file() else ""
    other = []
    for name, pinned in PINNED.findall(text):
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            # Some are for other systems only.
            continue
        if installed != pinned:
            other.append(f"{name} {installed} instead of {pinned}")
    facts = {"python": sys.version.split()[0], "mooring": settings.VERSION}
    return Result(ok=not other, found=", ".join(other), facts=facts)


CHECKS = (
    Check(
        id="disk",
        title="The disk has room",
        advice="Make room where VAR_DIR is.",
        probe=_disk,
        is_of_machine=True,
        surfaces=SEEN,
    ),
    Check(
        id="var_dir",
        title="VAR_DIR takes files",
        advice="Give VAR_DIR to the user that runs Mooring, on a disk that it can "
        "write to.",
        probe=_var_dir,
        is_of_machine=True,
        surfaces=ALWAYS,
    ),
    Check(
        id="files",
        title="Files with secrets are closed to other users",
        advice="Close them: `manage.py doctor --fix`, or chmod go= by hand.",
        probe=_files,
        is_of_machine=True,
        repair=_close_files,
    ),
    Check(
        id="packages",
        title="What is installed is what was tested",
        advice="Install again: `make setup`, or build the image anew.",
        probe=_packages,
        is_of_machine=True,
        severity=Severity.WARNING,
    ),
)
