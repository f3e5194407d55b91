"""What a full refresh has not seen is deleted; what is stored is asked for in turn."""

from typing import Any

import pytest
from django.utils import timezone

from integrations.http.sending.transport import Request, Response
from integrations.models import Connection, Item
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.services.sync.deletions import seen_bitmap
from integrations.services.sync.stored.stored_items import next_to_probe
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import assert_equal_to, live
from tests.support.rows import make_collection, make_item

REFUSED = b'{"status":"error","message":"no","category":"VALIDATION_ERROR"}'


def test_what_was_not_seen_is_deleted_chunk_by_chunk(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen_bitmap, "CHUNK", 2)
    collection = make_collection(connection)
    items = [make_item(collection) for _ in range(8)]
    seen_bitmap.mark(collection, [items[3].pk])
    seen_bitmap.mark(collection, [items[6].pk])
    merged = Deletion(kind=DeletionKind.MERGED)

    deleted = seen_bitmap.soft_delete_unseen(
        collection, {items[0].remote_id: merged}, run_id=None, now=timezone.now()
    )

    assert deleted == 6
    left = Item.objects.live().filter(collection=collection)
    assert {item.pk for item in left} == {items[3].pk, items[6].pk}
    items[0].refresh_from_db()
    assert items[0].deleted_kind == DeletionKind.MERGED


@pytest.mark.parametrize(
    ("limit", "asked"),
    [
        (2, ["54", "32", "15", "43", "21", "54"]),
        (4, ["5432", "1543", "2154", "3215", "4321", "5432"]),
        (9, ["54321"] + ["54321"] * 5),
        (0, [""] * 6),
    ],
)
def test_stored_items_are_asked_for_in_turn(
    connection: Connection, limit: int, asked: list[str]
) -> None:
    collection = make_collection(connection)
    for number in range(1, 6):
        make_item(collection, remote_id=f"{number}")
    found = []

    for _ in range(6):
        ids = next_to_probe(collection, limit)
        found.append("".join(ids))
        collection.probed_until = ids[-1] if ids else ""

    assert found == asked


def test_what_goes_before_a_listing_begins_again_is_deleted(
    synced: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone, send, erased = min(live("contacts"), key=int), sandbox.send, []

    def erase(request: Request, *rest: Any) -> Response:
        if "/contacts?" in request.url and "after=" in request.url and not erased:
            erased.append(gone)
            place = {"portal": "555111", "type": "contacts"}
            sandbox.client.command("records/erase", **place, id=gone)
            return Response(status=400, body=REFUSED)
        answer: Response = send(request, *rest)
        return answer

    monkeypatch.setattr(sandbox, "send", erase)

    run = finish_sync(synced, full=True)

    assert (erased, run.outcome, run.deleted) == ([gone], "complete", 1)
    assert_equal_to(sandbox)
