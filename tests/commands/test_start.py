"""Commands that show no pages begin without importing them."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from django.core.management import execute_from_command_line

try:
    execute_from_command_line(["manage.py", "sync", "--provider", "nobody"])
except SystemExit:
    pass
parts = ("integrations.views", "integrations.admin.")
print(*(name for name in sys.modules if name.startswith(parts)))
"""


def test_a_command_without_pages_imports_none() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "unknown provider" in done.stderr
    assert done.stdout.split() == []
