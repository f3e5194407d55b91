"""The runbook has a paragraph for each check, and none for what does not exist."""

import re
from pathlib import Path

from integrations.services.upkeep.checks.registry import CHECKS

ROOT = Path(__file__).parent.parent


def test_each_check_has_its_paragraph_and_each_paragraph_its_check() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text("utf-8")
    told = re.findall(r"^### (\w+)\n\S", text, re.MULTILINE)

    assert sorted(told) == sorted(check.id for check in CHECKS)


def test_no_two_checks_have_one_id_and_each_need_is_one() -> None:
    ids = [check.id for check in CHECKS]

    assert len(set(ids)) == len(ids)
    assert {need for check in CHECKS for need in check.needs} <= set(ids)
