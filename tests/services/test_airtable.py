"""What is stored of Airtable is what was shared, whatever its listings do."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.http.secrets import Secret
from integrations.models import Collection, Connection, Item, ItemChange, SyncRun
from integrations.providers import CONNECTORS
from integrations.services import clients, connections, oauth_clients, runs, sync
from tests.sandbox.airtable.airtable_client import ANA, BO, VERIFIER, AirtableClient

FinishSync = Callable[..., SyncRun]


class Airtable(AirtableClient):
    """Be somebody at the simulated Airtable, in front of it and behind it."""

    def do(self, name: str, /, **params: Any) -> dict[str, Any]:
        return self.order(name, provider="airtable", **params)

    def bases(self) -> list[dict[str, Any]]:
        told = self.ask("inventory", provider="airtable", account="harbour", with_ids=1)
        return list(told["bases"])

    def base(self, name: str) -> dict[str, Any]:
        return next(base for base in self.bases() if base["name"] == name)


@pytest.fixture
def airtable(sandbox: Any) -> Airtable:
    """Return somebody in the simulated Airtable, who need not wait."""
    client = Airtable(sandbox.client.app, time.time)
    client.do("switches/set", name="rate_limits", value=False)
    return client


@pytest.fixture
def connect_airtable(airtable: Airtable, settings: Any) -> Callable[..., Connection]:
    """Return what connects a person to the large account."""

    def do(user: User, identity: str = ANA, **consent: Any) -> Connection:
        answer = airtable.consent(identity, **consent)
        tokens = oauth_clients.oauth_client("airtable").exchange(
            code=Secret(answer.query["code"]), code_verifier=Secret(VERIFIER)
        )
        account = CONNECTORS["airtable"].identify(
            tokens,
            oauth=oauth_clients.oauth_client("airtable"),
            api=clients.api_client_for_new_grant("airtable", tokens.access_token),
            settings=settings.PROVIDERS["airtable"],
        )
        return connections.connect(
            user=user, provider="airtable", tokens=tokens, account=account
        ).connection

    return do


@pytest.fixture
def connection(alice: User, connect_airtable: Callable[..., Connection]) -> Connection:
    return connect_airtable(alice)


@pytest.fixture
def synced(connection: Connection, finish_sync: FinishSync) -> Connection:
    assert finish_sync(connection).outcome == "complete"
    return connection


def live(remote_id: str) -> list[str]:
    found = Item.objects.live().filter(collection__remote_id=remote_id)
    return sorted(found.values_list("remote_id", flat=True))


def table_of(airtable: Airtable, base: str, name: str) -> Collection:
    table = next(t for t in airtable.base(base)["tables"] if t["name"] == name)
    return Collection.objects.get(remote_id__endswith=f"/{table['id']}")


def assert_equal_to(airtable: Airtable) -> None:
    structure = []
    for base in airtable.bases():
        structure.append(base["id"])
        for table in base["tables"]:
            structure.append(table["id"])
            key = f"{base['id']}/{table['id']}"
            assert live(key) == sorted(table["id_list"]), table["name"]
            stored = Collection.objects.get(remote_id=key).stored_count
            assert stored == table["live"]
    assert live("structure") == sorted(structure)


def let_time_pass(run: SyncRun) -> None:
    """Let what a run waits for be over."""
    run.refresh_from_db()
    progress = {key: {**e, "retry_at": ""} for key, e in run.progress.items()}
    SyncRun.objects.filter(pk=run.pk).update(
        progress=progress, due_at=timezone.now() - timedelta(seconds=1)
    )


def test_the_first_load_stores_every_base_table_and_record(
    connection: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    run = finish_sync(connection)

    assert (run.outcome, run.reason) == ("complete", "")
    assert_equal_to(airtable)
    words = Collection.objects.values_list("completeness", flat=True)
    assert set(words) == {"complete"}
    assert connection.account_name == "ana@harbour-and-vale.example"


def test_every_record_is_in_its_table_and_every_table_in_its_base(
    synced: Connection, airtable: Airtable
) -> None:
    found = Item.objects.live()

    for base in airtable.bases():
        item = found.get(remote_id=base["id"])
        assert (item.type, item.is_directory) == ("base", True)
        assert set(item.children) == {table["id"] for table in base["tables"]}
        for table in base["tables"]:
            item = found.get(remote_id=table["id"])
            assert (item.type, item.parent_remote_id) == ("table", base["id"])
            records = found.filter(type="record", parent_remote_id=table["id"])
            assert records.count() == table["live"]


def test_what_a_record_holds_is_what_its_cells_hold(
    synced: Connection, airtable: Airtable
) -> None:
    table = table_of(airtable, "Operations", "Customers")
    told = airtable.ask(
        "records",
        provider="airtable",
        table=table.details["table_id"],
        limit=1000,
    )["records"]

    assert told
    for record in told:
        item = Item.objects.get(collection=table, remote_id=record["id"])
        plain = {k: v for k, v in record["cells"].items() if isinstance(v, str)}
        assert plain.items() <= item.properties.items()


def test_an_increment_with_nothing_new_costs_one_call_a_table(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    before, calls = list(Item.objects.values()), len(sandbox.log)
    later = timezone.now() + timedelta(minutes=30)
    Collection.objects.update(watermark=later, settled_at=later)

    run = finish_sync(synced)

    tables = Collection.objects.filter(item_type="record").count()
    bases = Item.objects.filter(type="base").count()
    assert run.outcome == "complete"
    assert len(sandbox.log) - calls == run.requests == tables + 1 + bases
    assert list(Item.objects.values()) == before


def test_an_increment_finds_what_changed_and_what_is_new(
    synced: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    table = table_of(airtable, "Operations", "Customers")
    where = {"base": "Operations", "table": "Customers"}
    touched = airtable.do("records/touch", count=3, value="Renamed Ltd", **where)
    made = airtable.do("records/create", fields={"Name": "A new one"}, **where)

    run = finish_sync(synced)

    assert (run.changed, run.created) == (3, 1)
    assert_equal_to(airtable)
    names = Item.objects.filter(remote_id__in=touched["ids"])
    assert set(names.values_list("name", flat=True)) == {"Renamed Ltd"}
    assert Item.objects.get(remote_id=made["id"]).collection == table


def test_a_deleted_record_goes_with_the_next_full_pass(
    synced: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    table = table_of(airtable, "Operations", "Shipments")
    first = live(table.remote_id)[0]
    airtable.do("records/delete", id=first)

    finish_sync(synced)
    assert first in live(table.remote_id)
    finish_sync(synced, full=True)

    assert_equal_to(airtable)
    assert Item.objects.get(remote_id=first).hidden_reason == "no longer there"


def test_a_record_that_changed_without_an_edit_is_found_by_the_full_pass(
    synced: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    table = table_of(airtable, "Operations", "Customers")
    first = live(table.remote_id)[0]
    airtable.do("records/edit", id=first, fields={"Place": "Elsewhere"}, quiet=True)

    assert finish_sync(synced).changed == 0
    assert finish_sync(synced, full=True).changed == 1


def test_a_listing_that_was_forgotten_starts_again_and_misses_nothing(
    connection: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    airtable.do("faults/add", kind="iterator_gone", family="list", skip=1, count=1)

    run = finish_sync(connection)

    assert run.outcome == "complete"
    assert [e["restarts"] for e in run.progress.values() if "restarts" in e] == [1]
    assert_equal_to(airtable)


def test_a_listing_that_is_always_forgotten_fails_in_the_end(
    connection: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    airtable.do("faults/add", kind="iterator_gone", family="list")

    run = finish_sync(connection)

    tables = Collection.objects.filter(item_type="record")
    assert run.outcome == "partial"
    assert set(tables.values_list("reason", flat=True)) == {
        "the listing expired again and again"
    }


def test_a_base_that_is_unshared_is_no_longer_shared_and_comes_back(
    synced: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    base = airtable.base("Inventory 📦")
    kept = Item.objects.live().exclude(collection__remote_id__startswith=base["id"])
    others = kept.exclude(collection__remote_id="structure").count()
    airtable.do("bases/unshare", base=base["id"])

    first = finish_sync(synced, full=True)
    assert first.outcome == "partial"
    assert live(f"{base['id']}/{base['tables'][0]['id']}")
    finish_sync(synced, full=True)

    gone = Item.objects.filter(collection__remote_id__startswith=base["id"])
    assert set(gone.values_list("hidden_reason", flat=True)) == {"no longer shared"}
    tree = Item.objects.get(remote_id=base["id"])
    assert tree.hidden_reason == "no longer shared"
    assert kept.exclude(collection__remote_id="structure").count() == others

    airtable.do("bases/share", base=base["id"])
    assert finish_sync(synced, full=True).outcome == "complete"
    assert_equal_to(airtable)


def test_a_base_that_cannot_be_listed_for_now_is_not_taken_for_unshared(
    synced: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    for _ in range(3):
        airtable.do("faults/add", kind="empty", family="schema", count=1)
        finish_sync(synced, full=True)

    assert not Collection.objects.filter(misses__gt=0).exists()
    assert_equal_to(airtable)


def test_a_used_up_month_blocks_its_base_until_the_month_ends(
    synced: Connection, finish_sync: FinishSync, airtable: Airtable, sandbox: Any
) -> None:
    base = airtable.base("Inventory 📦")
    airtable.do("quota/set", id=base["workspace"], calls=1000)

    run = finish_sync(synced)

    blocked = Collection.objects.filter(blocked_until__isnull=False)
    now = datetime.now(UTC)
    following = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
    assert run.outcome == "partial"
    assert {c.remote_id.partition("/")[0] for c in blocked} == {base["id"]}
    assert {c.blocked_until.date() for c in blocked} == {following.date()}
    assert all("monthly API quota" in c.reason for c in blocked)
    synced.refresh_from_db()
    assert synced.state == "active"
    assert_equal_to(airtable)

    calls = sandbox.count(f"/v0/{base['id']}/")
    assert finish_sync(synced).outcome == "partial"
    assert sandbox.count(f"/v0/{base['id']}/") == calls

    airtable.do("quota/set", id=base["workspace"], calls=0)
    Collection.objects.update(blocked_until=timezone.now())
    assert finish_sync(synced).outcome == "complete"


def test_a_penalty_closes_the_gate_of_its_base_and_no_other(
    synced: Connection, airtable: Airtable
) -> None:
    airtable.do("faults/add", kind="rate_limit", family="list", count=1)
    run, _ = runs.open_run(synced, trigger="person")

    wait = sync.run_slice(run.pk)

    first = Collection.objects.exclude(remote_id="structure").first()
    assert first is not None
    gate = f"airtable:base:{first.details['base_id']}"
    closed: dict[str, float] = clients.limiter().closed  # type: ignore[attr-defined]
    assert list(closed) == [gate]
    assert 30 <= closed[gate] <= 32
    assert wait is not None
    assert 25 < wait <= 32
    run.refresh_from_db()
    states = [entry["state"] for entry in run.progress.values()]
    assert states.count("waiting") == 1
    assert set(states) == {"waiting", "done"}

    let_time_pass(run)
    assert sync.run_slice(run.pk) is None
    run.refresh_from_db()
    assert run.outcome == "complete"


def test_slices_take_up_where_the_last_one_was_killed(
    connection: Connection, airtable: Airtable
) -> None:
    run, _ = runs.open_run(connection, trigger="person")

    for _ in range(200):
        SyncRun.objects.update(due_at=timezone.now())
        if sync.run_slice(run.pk, seconds=0.000001) is None:
            break

    run.refresh_from_db()
    assert run.outcome == "complete"
    assert run.slices > 20
    assert_equal_to(airtable)


def test_a_renamed_table_keeps_its_items_and_shows_its_new_name(
    synced: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    table = table_of(airtable, "Operations", "Shipments")
    airtable.do("tables/rename", base="Operations", table="Shipments", name="Cargo")

    finish_sync(synced)

    item = Item.objects.get(remote_id=table.details["table_id"])
    change = ItemChange.objects.get(item=item)
    table.refresh_from_db()
    assert (item.name, table.name) == ("Cargo", "Operations / Cargo")
    assert change.fields["name"] == ["Shipments", "Cargo"]
    assert_equal_to(airtable)


def test_a_renamed_or_retyped_field_is_known_with_the_next_increment(
    synced: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    table = table_of(airtable, "Operations", "Customers")
    where = {"base": "Operations", "table": "Customers"}
    renamed = airtable.do("fields/rename", field="Place", name="Town", **where)
    retyped = airtable.do("fields/retype", field="Phone", to="singleLineText", **where)

    finish_sync(synced)

    table.refresh_from_db()
    fields = {f["name"]: f for f in table.schema["fields"]}
    assert fields[renamed["field"]]["label"] == "Town"
    assert fields[retyped["field"]]["kind"] == "text"
    item = Item.objects.get(remote_id=table.details["table_id"])
    changes = ItemChange.objects.get(item=item).fields
    assert changes[f"properties.field.{renamed['field']}"] == [
        "Place (single line text)",
        "Town (single line text)",
    ]
    assert changes[f"properties.field.{retyped['field']}"] == [
        "Phone (phone number)",
        "Phone (single line text)",
    ]


def test_a_new_field_has_its_name_as_soon_as_it_has_a_value(
    synced: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    table = table_of(airtable, "Operations", "Customers")
    where = {"base": "Operations", "table": "Customers"}
    added = airtable.do("fields/add", name="Colour", **where)
    first = live(table.remote_id)[0]
    airtable.do("records/edit", id=first, fields={"Colour": "red"})

    finish_sync(synced)

    item = Item.objects.select_related("collection").get(remote_id=first)
    shown = CONNECTORS["airtable"].describe(
        item.properties, item.collection.schema, synced.account
    )
    assert item.properties[added["field"]] == "red"
    assert ("Colour", "red") in {(field.label, field.value) for field in shown}


def test_a_table_that_is_new_is_read_in_the_run_that_finds_it(
    synced: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    made = airtable.do("tables/add", base="Operations", name="Returns")
    airtable.do("records/create", table=made["table"], fields={"Name": "R1"})

    finish_sync(synced)

    assert_equal_to(airtable)
    assert Item.objects.get(name="R1").parent_remote_id == made["table"]


def test_only_what_was_granted_is_read(
    bob: User, connect_airtable: Callable[..., Connection], finish_sync: FinishSync
) -> None:
    run = finish_sync(connect_airtable(bob, BO))

    assert run.outcome == "complete"
    bases = Item.objects.filter(owner=bob, type="base")
    assert sorted(bases.values_list("name", flat=True)) == [
        "Operations",
        "Projects",
        "Projects",
    ]
    assert Item.objects.filter(owner=bob, type="table").count() == 9


def test_expired_tokens_are_renewed_once_and_reuse_is_never_tried(
    synced: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    airtable.do("switches/set", name="punish_reuse", value=True)
    for _ in range(4):
        airtable.do("tokens/expire")
        assert finish_sync(synced).outcome == "complete"

    assert airtable.ask("stats", provider="airtable")["double_spends"] == 0
    synced.refresh_from_db()
    assert synced.state == "active"
