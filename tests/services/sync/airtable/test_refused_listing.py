"""A refused list of what an account has costs no more than what it would have told."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from msgspec.structs import replace

from integrations.http.sending.transport import Request, Response, Timeouts
from integrations.models import Connection, Item
from tests.services.fixtures import FinishSync
from tests.services.sync.airtable.account_rows import Airtable, assert_equal_to, live

# Airtable's own form; a refusal of another form comes from an intermediary.
REFUSAL = json.dumps(
    {"error": {"type": "INVALID_PERMISSIONS", "message": "Not permitted"}}
).encode()
PAGE = b"<html>Blocked</html>"


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (403, REFUSAL, "no_permission"),
        (403, PAGE, "intermediary"),
        (200, b'{"status": "ok"}', "odd_answer"),
    ],
)
def test_known_tables_are_read_while_the_bases_cannot_be_listed(
    synced_few: Connection,
    finish_sync: FinishSync,
    airtable: Airtable,
    sandbox: Any,
    client: Client,
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: bytes,
    reason: str,
) -> None:
    send = sandbox.send

    def refuse(request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        answer: Response = send(request, timeouts, max_bytes)
        if not request.url.partition("?")[0].endswith("/meta/bases"):
            return answer
        return replace(answer, status=status, body=body)

    base = airtable.base("Inventory 📦")
    table = f"{base['id']}/{base['tables'][0]['id']}"
    gone = live(table)[0]
    airtable.do("records/delete", base=base["id"], id=gone)
    Connection.objects.update(discovered_at=None)
    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "send", refuse)
        run = finish_sync(synced_few, full=True)

    assert run.outcome == "partial"
    assert gone not in live(table)
    listing = run.entries["account"]
    assert listing.reason is not None
    assert listing.reason.code == reason
    assert not Item.objects.filter(deleted_kind="unshared").exists()
    client.force_login(alice)
    assert "List of collections" in client.get(run.get_absolute_url()).content.decode()

    assert finish_sync(synced_few, full=True).outcome == "complete"
    assert_equal_to(airtable)


def test_the_very_first_list_that_is_refused_fails_the_run(
    few: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send = sandbox.send

    def refuse(request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        answer: Response = send(request, timeouts, max_bytes)
        return replace(answer, status=403, body=REFUSAL)

    monkeypatch.setattr(sandbox, "send", refuse)
    run = finish_sync(few)

    assert (run.outcome, run.reason) == ("failed", "no_permission")


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, REFUSAL, "not_found"),
        (503, REFUSAL, "provider_down"),
    ],
)
def test_a_base_that_never_lists_its_tables_costs_the_others_nothing(
    few: Connection,
    finish_sync: FinishSync,
    airtable: Airtable,
    sandbox: Any,
    client: Client,
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: bytes,
    reason: str,
) -> None:
    send = sandbox.send
    base = airtable.base("Inventory 📦")

    def refuse(request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        answer: Response = send(request, timeouts, max_bytes)
        if f"/meta/bases/{base['id']}/tables" not in request.url:
            return answer
        return replace(answer, status=status, body=body)

    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "send", refuse)
        run = finish_sync(few)

    kept = set(
        Item.objects.live().filter(type="record").values_list("collection__remote_id")
    )
    assert kept
    assert not any(key.startswith(base["id"]) for (key,) in kept)
    listing = run.entries["account"]
    assert listing.reason is not None
    assert (run.outcome, listing.reason.code) == ("partial", reason)
    assert listing.reason.data["parts"] == [base["name"]]
    client.force_login(alice)
    assert base["name"] in client.get(run.get_absolute_url()).content.decode()

    Connection.objects.update(discovered_at=None)
    assert finish_sync(few, full=True).outcome == "complete"
    assert_equal_to(airtable)
