"""A number and what it counts agree, in every sentence that is shown."""

from pathlib import Path

import pytest

from integrations.models.messages import wording
from integrations.models.reasons import Reason, ReasonCode
from tests.support.guards.agreement import (
    disagreements,
    fixed_in_code,
    fixed_in_template,
)

ROOT = Path(__file__).resolve().parent.parent
COUNTED = ("count", "number", "listed", "total", "attempt")


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        ("1 items", True),
        ("3 item found", True),
        ("1 item are kept", True),
        ("2 items is kept", True),
        ("disconnected; 5 items are kept as it was.", True),
        ("1 item is kept as they were", True),
        ("1 item is kept as it was; 5 items are kept as they were", False),
        ("21 items, 1,001 items, 1 of 3 items, 0 items", False),
        ("in 1 minute; 0.1 seconds; 2026-11-1 item", False),
    ],
)
def test_the_check_finds_what_is_wrong(text: str, is_wrong: bool) -> None:
    assert bool(list(disagreements(text))) is is_wrong


@pytest.mark.parametrize("number", [0, 1, 2, 1000])
def test_reasons_agree_with_their_numbers(number: int) -> None:
    data = dict.fromkeys(COUNTED, number)
    texts = [wording.reason_text(Reason(code=code, data=data)) for code in ReasonCode]

    assert [
        list(disagreements(text)) for text in texts if list(disagreements(text))
    ] == []


def test_no_template_and_no_module_writes_a_plural_behind_any_number() -> None:
    found = {}
    for path in (ROOT / "templates").rglob("*.*"):
        found[path] = list(fixed_in_template(path.read_text(encoding="utf-8")))
    for path in (ROOT / "integrations").rglob("*.py"):
        found[path] = list(fixed_in_code(path.read_text(encoding="utf-8")))

    assert {str(path): wrong for path, wrong in found.items() if wrong} == {}
