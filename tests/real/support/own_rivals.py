"""Note in own columns what a sync stores, deletes and merges at the same time.

Run by ``manage.py shell`` of a stack. Whoever waits for somebody who waits for them is
told so by PostgreSQL, in an error that is printed, as is every value that is lost.
"""

from collections.abc import Iterator
from itertools import pairwise
from threading import Barrier
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from integrations.models import (
    Collection,
    Item,
    OwnColumn,
    OwnValue,
    PropertyIndex,
    PropertyValue,
)
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.common.proof import RecentProof
from integrations.services.items.own_columns import store as columns
from integrations.services.items.own_columns import values
from integrations.services.items.search import reindex
from integrations.services.items.storage import store
from integrations.services.items.tables.columns.columns import Family
from tests.real.support.rivals import ROUNDS, at_once
from tests.support.rows import make_collection, make_connection, make_items

NOTED = [f"row-{number}" for number in range(5)]
MERGED = [f"merged-{number}" for number in range(ROUNDS)]
CHOICES = ("Red", "Blue")
TABLES = 2
# In each round a record is merged when a note of it is stored, whichever comes first.
MEETING: dict[UUID, Barrier] = {}
PATIENCE_SECONDS = 120


def note() -> None:
    """Note, rename, delete and merge while pages are stored; print what went wrong."""
    user = User.objects.create_user("notes")
    connection = make_connection(user)
    tables = [
        make_collection(connection, remote_id=f"t{number}", position=number)
        for number in range(TABLES)
    ]
    family = Family.RELATION
    PropertyIndex.objects.create(collection=tables[0], name="links", family=family)
    for table in tables:
        _fill(table)
        MEETING[table.pk] = Barrier(2, timeout=PATIENCE_SECONDS)
    works = (_store, _archive, _merge, _index, _set, _rename, _remake)
    failed = at_once(works, tables)
    print("failed:", len(failed), failed[:1])  # noqa: T201
    print("lost:", sorted({each for t in tables for each in _lost(t)}))  # noqa: T201


def _fill(table: Collection) -> None:
    rows = [*NOTED, *(each for name in MERGED for each in (name, *_heirs(name)))]
    make_items(table, [{"name": f"Row {each}", "remote_id": each} for each in rows])
    user = table.connection.owner
    for name, kind in (("Text", "text"), ("Choice", "choice")):
        column = columns.create(user, table, name=name, kind=kind, options=CHOICES)
        PropertyIndex.objects.create(
            collection=table, name=column.column_id, family=kind, state="ready"
        )
    for remote_id in MERGED:
        values.set_values(_item(table, remote_id), table, _told(table, remote_id))


def _heirs(name: str) -> tuple[str, str]:
    """Return what a record is merged into, and what that is merged into later."""
    return f"heir-{name}", f"last-{name}"


def _told(table: Collection, text: str) -> dict[OwnColumn, str]:
    """Return a text and a choice to note."""
    own = {each.name: each for each in OwnColumn.objects.of_collection(table)}
    return {own["Text"]: text, own["Choice"]: own["Choice"].options[0]}


def _item(table: Collection, remote_id: str) -> Item:
    return Item.objects.get(collection=table, remote_id=remote_id)


@transaction.atomic
def _store(table: Collection, _number: int) -> None:
    """Store what the provider tells of all rows, in another order than they have."""
    page = [
        IntegrationItem(id=each, type=table.item_type, name=f"Row {uuid4()}")
        for each in (*reversed(NOTED), f"new-{uuid4()}")
    ]
    store.store_page(table, page, run_id=None, now=timezone.now())


def _archive(table: Collection, number: int) -> None:
    _delete(table, NOTED[number % len(NOTED)], Deletion(kind=DeletionKind.ARCHIVED))


def _merge(table: Collection, number: int) -> None:
    MEETING[table.pk].wait()
    for name, heir in pairwise((MERGED[number], *_heirs(MERGED[number]))):
        _delete(table, name, Deletion(kind=DeletionKind.MERGED, detail=heir))


@transaction.atomic
def _delete(table: Collection, remote_id: str, deletion: Deletion) -> None:
    keys = {_item(table, remote_id).pk: deletion}
    store.soft_delete(table, keys, run_id=None, now=timezone.now())


def _index(table: Collection, _number: int) -> None:
    """Index all again, as a sweep does."""
    reindex.mark_outdated(table)
    reindex.run_slice(seconds=0.1)


def _set(table: Collection, number: int) -> None:
    """Note what is noted in forms that were opened before; empty some."""
    merged = _item(table, MERGED[number])
    for remote_id in NOTED:
        values.set_values(
            _item(table, remote_id), table, _told(table, f"{remote_id} {number}")
        )
    told = _told(table, _last_note(number))
    MEETING[table.pk].wait()
    values.set_values(merged, table, told)


def _last_note(number: int) -> str:
    """Return what is noted of a record while it is merged; nothing in every fourth."""
    return f"again {number}" if number % 4 else ""


def _rename(table: Collection, _number: int) -> None:
    """Swap the choices, which are values of many records."""
    column = next(each for each in _told(table, "") if each.name == "Choice")
    swapped = dict(zip(column.options, reversed(column.options), strict=True))
    columns.change(column, name=column.name, options=swapped, added=())


def _remake(table: Collection, number: int) -> None:
    """Make a column, note something in it and delete it, with what was noted."""
    user = table.connection.owner
    made = columns.create(user, table, name=f"N{number}", kind="text", options=())
    values.set_values(_item(table, NOTED[0]), table, {made: "gone soon"})
    columns.delete(made, proof=RecentProof(user=user))


def _lost(table: Collection) -> Iterator[str]:
    """Yield what is not as the last of each kind of work has left it."""
    own = {each.name: each for each in OwnColumn.objects.of_collection(table)}
    text = dict(own["Text"].values.values_list("remote_id", "value"))
    for remote_id in NOTED:
        if text.get(remote_id) != f"{remote_id} {ROUNDS - 1}":
            yield f"last note of {remote_id}"
    for number, remote_id in enumerate(MERGED):
        for each in (remote_id, *_heirs(remote_id)):
            if text.get(each, "") != _last_note(number):
                yield f"note of {each}"
    if set(own) != {"Text", "Choice"}:
        yield "columns"
    for column in own.values():
        yield from _indexed_otherwise(table, column)


def _indexed_otherwise(table: Collection, column: OwnColumn) -> Iterator[str]:
    """Yield the live records whose index tells another value than was noted."""
    live = Item.objects.live().filter(collection=table)
    names = dict(live.values_list("pk", "remote_id"))
    told = PropertyValue.objects.filter(index__name=column.column_id)
    noted = OwnValue.objects.filter(column=column, remote_id__in=names.values())
    by_name = dict(noted.values_list("remote_id", "value"))
    found = {names.get(e.item_id, "deleted"): e.text for e in told if e.text}
    wanted = {name: value.lower() for name, value in by_name.items()}
    if found != wanted:
        wrong = {k for k in {*found, *wanted} if found.get(k) != wanted.get(k)}
        yield f"index of {column.name}: {sorted(wrong)[:3]}"
