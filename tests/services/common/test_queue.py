"""Many tasks are published until the broker fails, and no longer."""

import pytest
from celery import current_app
from kombu.exceptions import OperationalError

from integrations.services.common import queue

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("taken", "tried"), [(0, 1), (2, 3), (9, 5)])
def test_a_broker_that_fails_is_asked_for_nothing_more(
    monkeypatch: pytest.MonkeyPatch, taken: int, tried: int
) -> None:
    calls: list[object] = []

    def send_task(_name: str, *, args: list[str], **_: object) -> None:
        calls.append(args)
        if len(calls) > taken:
            raise OperationalError

    monkeypatch.setattr(current_app, "send_task", send_task)

    assert queue.send_all("run_import", range(5)) == min(taken, 5)
    assert len(calls) == tried
