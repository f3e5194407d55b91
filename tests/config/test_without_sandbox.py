"""Test an installation that the sandbox is no part of."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return a copy of what the image holds, as far as settings need it."""
    left_out = (ROOT / ".dockerignore").read_text("utf-8").split()
    names = ("config", "integrations", "templates", "manage.py", "pyproject.toml")
    for name in names:
        source, target = ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.pyc"))
        else:
            shutil.copy(source, target)
    assert {"sandbox", "tests"} <= set(left_out)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": "off",
        "SECRET_KEY": "k" * 10 + "0123456789" * 5,
        "FERNET_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_product_needs_no_sandbox(installed: Path) -> None:
    done = run(installed, "shell", "--no-imports", "-c", "print('fine')")

    assert done.stdout == "fine\n", done.stderr


def test_the_command_says_that_the_sandbox_is_not_there(installed: Path) -> None:
    done = run(installed, "sandbox", "--port", "8100")

    assert done.returncode == 1
    assert "not part of this installation" in done.stderr
