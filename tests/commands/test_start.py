"""Commands that show no pages begin without importing them, as benchmarks do."""

import pytest

from tests.support import fresh

PROGRAM = """
import sys
from django.core.management import execute_from_command_line

try:
    execute_from_command_line(["manage.py", *{words!r}])
except SystemExit:
    pass
parts = (
    "integrations.views",
    "integrations.admin.",
    "integrations.services.sync.engine",
    "rich",
)
print(*(name for name in sys.modules if name.startswith(parts)))
"""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["sync", "--provider", "nobody"], "unknown provider"),
        (["items", "nobody"], "unknown provider"),
        (["reconcile", "nothing"], "invalid UUID"),
    ],
)
def test_a_command_imports_no_pages_and_nothing_that_it_does_not_do(
    words: list[str], told: str
) -> None:
    program = PROGRAM.format(words=words)
    done = fresh.program(program, DJANGO_SETTINGS_MODULE="tests.settings")

    assert told in done.stderr
    assert done.stdout.split() == []


def test_benchmarks_begin_before_django_is_set_up() -> None:
    """Each has a database of its own, and settings only then."""
    done = fresh.program("import tests.bench.__main__", DJANGO_SETTINGS_MODULE="")

    assert done.stderr == ""
