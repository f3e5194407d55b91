"""Whatever changes between syncs, the copy follows, or says why it does not."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from integrations.models import Collection, Connection, Item, SyncRun
from integrations.providers import CONNECTORS
from integrations.services.common import queue
from integrations.services.common.clients import api_clients as clients
from integrations.services.common.clients import oauth_clients
from integrations.services.sync import engine, runs
from tests.providers.contract.case import Case
from tests.services.conftest import Broker, Unlimited
from tests.services.fixtures import let_time_pass
from tests.support.provider_answers.accounts import Account
from tests.support.provider_answers.changing import KEPT, MADE, Changing, Fault, Record
from tests.support.provider_answers.invented import (
    TEXTS,
    examples,
    leave_out_simplest,
)
from tests.support.rows import make_collection, make_connection, make_grant

FIRST, MOST_SLICES, MOST_SYNCS = 101, 20, 3
# What an answer may be instead of its own, none of it the provider's word.
INSTEAD = (
    (403, b"<html>Blocked</html>"),
    (200, b"<html>Sign in</html>"),
    (200, b"[7]"),
    (503, b""),
    (500, b"{}"),
)
ODD_ROWS: tuple[Any, ...] = (None, 7, {}, {"id": None}, {"id": ["x"]}, [])


@pytest.fixture
def changing(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Changing:
    """Put a provider whose records change where the product's network is."""
    settings.CONTENT_PAGES_PER_RUN = 0
    provider = Changing(case=Case(CONNECTORS["hubspot"]))
    limiter = Unlimited()
    monkeypatch.setattr(oauth_clients, "transport", lambda: provider)
    monkeypatch.setattr(clients, "limiter", lambda: limiter)
    monkeypatch.setattr(queue, "current_app", Broker())
    return provider


def begin(owner: User, provider: Changing | Account) -> Collection:
    """Connect the account that has the provider's one set of records."""
    script = provider.case.script
    connection = make_connection(
        owner,
        provider=provider.case.slug,
        remote_id=f"{uuid4()}",
        account=script["account"],
        discovered_at=timezone.now(),
    )
    make_grant(connection)
    return make_collection(
        connection, **script["collection"], item_type=provider.case.items[0].type
    )


def sync(
    provider: Changing | Account, collection: Collection, *, full: bool = False
) -> SyncRun:
    """Work on a run of the collection's connection until it has ended."""
    provider.calls = 0
    run = sync_connection(collection.connection, full=full)
    collection.refresh_from_db()
    return run


def sync_connection(connection: Connection, *, full: bool = False) -> SyncRun:
    """Work on a run of a connection until it has ended."""
    run, _ = runs.open_run(connection, trigger="user", full=full)
    for _ in range(MOST_SLICES):
        let_time_pass(run)
        engine.run_slice(run.pk)
        run.refresh_from_db()
        if not run.is_open:
            break
    return run


@st.composite
def changes(draw: st.DrawFn, provider: Changing, numbers: Iterator[int]) -> None:
    """Change some of the provider's records, add others, and end some."""
    case = provider.case
    values: Any = st.integers(0, 10**9) if case.slug == "notion" else TEXTS
    # What is there from the beginning is too old for any sync to be told of it.
    now = timezone.now() if provider.records else MADE
    for record in list(provider.living.values()):
        way = draw(st.sampled_from(("keep", "keep", "edit", "listed", "gone")))
        if way == "edit":
            record.kept, record.edited = draw(values), now
        elif way != "keep":
            record.end, record.edited = way, now
    for record in [each for each in provider.records.values() if each.end == "listed"]:
        if draw(st.integers(0, 3)) == 0:
            record.end, record.edited = "", now
    for _ in range(draw(st.integers(0, 4))):
        remote_id = f"{case.rows[0]['id'][:-3]}{next(numbers):03}"
        kept = draw(values)
        provider.records[remote_id] = Record(id=remote_id, kept=kept, edited=now)


@st.composite
def faults(draw: st.DrawFn) -> Fault | None:
    """Return what goes wrong with one call of a sync, if anything does."""
    way = draw(st.sampled_from(("none", "none", "answer", "row")))
    call = draw(st.integers(0, 5))
    if way == "answer":
        status, body = draw(st.sampled_from(INSTEAD))
        return Fault(call=call, status=status, body=body)
    if way == "row":
        return Fault(call=call, row=draw(st.sampled_from(ODD_ROWS)))
    return None


@pytest.mark.usefixtures("without_logs")
@pytest.mark.parametrize("slug", sorted(KEPT))
@given(data=st.data())
@examples(3)
def test_the_copy_follows_or_says_why_not(
    alice: User, changing: Changing, slug: str, data: st.DataObject
) -> None:
    """A first copy, some syncs over it, of which calls fail, and a full refresh."""
    leave_out_simplest(data)
    changing.case, numbers = Case(CONNECTORS[slug]), iter(range(FIRST, 999))
    changing.records, changing.fault = {}, None
    data.draw(changes(changing, numbers))
    collection = begin(alice, changing)
    sync(changing, collection)
    check_copy(changing, collection)

    for _ in range(data.draw(st.integers(1, MOST_SYNCS))):
        stored = live(collection)
        data.draw(changes(changing, numbers))
        changing.fault = data.draw(faults())
        run = sync(changing, collection)
        assert run.outcome in {"complete", "partial", "failed"}, run.reason
        assert collection.reason != "connector_error", collection.reason_data
        assert stored.keys() & changing.living.keys() <= live(collection).keys()
        if run.outcome == "complete" and not is_told(collection):
            check_copy(changing, collection, may_stay=unnoticed(changing))

    changing.fault = None
    sync(changing, collection, full=True)
    assert not is_told(collection)
    check_copy(changing, collection)


def live(collection: Collection) -> dict[str, Item]:
    items = Item.objects.live().filter(collection=collection)
    return {item.remote_id: item for item in items}


def is_told(collection: Collection) -> bool:
    """Tell whether the page says that something of the collection may be missing."""
    is_whole = collection.completeness == "complete"
    return not is_whole or bool(collection.reason or collection.pending_reason)


def unnoticed(provider: Changing) -> AbstractSet[str]:
    """Return the ids of what is gone, and may be shown until the full refresh.

    HubSpot's and Airtable's stored records are asked for in every sync, here all of
    them, unless a call fails: that is left to a later sync. Notion's list of archived
    rows is read only with its late arrivals, and asks for few that are erased.
    """
    has_failed = provider.fault is not None and provider.fault.call < provider.calls
    if provider.case.slug != "notion" and not has_failed:
        return frozenset()
    return {key for key, each in provider.records.items() if each.end}


def check_copy(
    provider: Changing,
    collection: Collection,
    *,
    may_stay: AbstractSet[str] = frozenset(),
) -> None:
    """Hold what is stored against the provider's records: these, and no others."""
    stored, name = live(collection), KEPT[provider.case.slug][1]
    assert stored.keys() - may_stay == provider.living.keys()
    assert collection.stored_count == len(stored)
    for key, record in provider.living.items():
        kept = stored[key].properties.get(name)
        if not isinstance(record.kept, str) or record.kept.isprintable():
            assert kept == record.kept or len(str(record.kept)) > 2_000
