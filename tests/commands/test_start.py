"""Commands that show no pages begin without importing them."""

from tests.support import fresh

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
    done = fresh.program(PROGRAM, DJANGO_SETTINGS_MODULE="tests.settings")

    assert "unknown provider" in done.stderr
    assert done.stdout.split() == []


def test_the_benchmark_begins_before_there_are_settings() -> None:
    done = fresh.program("import tests.bench.__main__")

    assert not done.stderr
