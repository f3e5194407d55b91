"""What a machine does of itself goes on, part by part."""

from datetime import datetime
from typing import NoReturn

import pytest

from config.monitoring import machine
from integrations.services.grants import restored_database
from integrations.services.upkeep.checks import reports


def test_a_machine_reports_where_its_ledger_cannot_be_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_machine: str) -> NoReturn:
        raise OSError

    reported = []

    def note(*, now: datetime) -> bool:
        reported.append(now)
        return True

    monkeypatch.setattr(restored_database, "publish", refuse)
    monkeypatch.setattr(reports, "report_machine", note)

    machine.look()

    assert reported
