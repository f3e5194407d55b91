"""What was erased for good, which no list of HubSpot's tells, is asked for."""

import re
from typing import Any

import pytest
from msgspec.structs import replace

from integrations.http.sending.transport import Request, Response, Timeouts
from integrations.models import Connection, Item
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import assert_equal_to, live

BATCH = re.compile(r".*/crm/objects/[^/]+/\w+/batch/read$")


def test_an_incremental_sync_finds_what_was_erased_for_good(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    for kind in ("contacts", "companies", "deals"):
        gone = min(live(kind))
        sandbox.client.command("records/erase", portal="555111", type=kind, id=gone)

    # Two hundred of each type are looked for in a sync.
    for _ in range(3):
        run = finish_sync(synced, trigger="schedule")

    assert not run.is_full
    assert_equal_to(sandbox)


def test_a_batch_that_knows_nothing_deletes_nothing(
    synced: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = set(Item.objects.live().values_list("pk", flat=True))
    send, emptied = sandbox.send, []

    def empty(request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        answer: Response = send(request, timeouts, max_bytes)
        if not BATCH.match(request.url):
            return answer
        emptied.append(request.url)
        return replace(answer, body=b'{"status": "COMPLETE", "results": []}')

    monkeypatch.setattr(sandbox, "send", empty)
    run = finish_sync(synced, trigger="schedule")

    assert emptied
    assert (run.outcome, run.deleted) == ("complete", 0)
    assert set(Item.objects.live().values_list("pk", flat=True)) == before
