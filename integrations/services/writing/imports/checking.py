"""The check of an import: what each row would do, without a call to the provider.

Rows are read in three passes, a few hundred at a time: their cells become values, the
stored items are looked through for whom they mean, and values are compared.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from msgspec import Struct

from integrations.http.secrets import Secret
from integrations.models import Import, ImportRow, Item
from integrations.models.writing.import_texts import RowProblem
from integrations.providers.capabilities import WritesItems
from integrations.providers.writing import WritableField
from integrations.services.common.sealing import crypto, import_content
from integrations.services.writing import editing
from integrations.services.writing.imports import mapping
from integrations.services.writing.imports.conversion import (
    ValueRefusedError,
    convert,
)
from integrations.services.writing.imports.lease import ImportLease
from integrations.services.writing.outbox import EditingOffError

CHUNK: Final = 200
WHOLE_ROW: Final = -1
State = ImportRow.State
ACCEPTED: Final = (State.NEW, State.CHANGED, State.UNCHANGED)
# The number of a problem's column, its code, and what its sentence counts.
Problem = tuple[int, str, int]


class Check(Struct, frozen=True, kw_only=True):
    """One check under its lease, with what it asks for every row."""

    lease: ImportLease
    writer: WritesItems
    fields: Mapping[str, WritableField]
    meanings: mapping.Meanings

    @property
    def source(self) -> Import:
        """Return the import that is checked."""
        return self.lease.source

    def chunks(self, state: State) -> Iterator[list[ImportRow]]:
        """Yield the rows in a state, in order, while there are any."""
        rows = self.source.rows.filter(state=state).order_by("number")
        while chunk := list(rows[:CHUNK]):
            yield chunk

    def store(self, rows: Iterable[ImportRow], *columns: str) -> None:
        """Write rows, as long as the check is this worker's."""
        with transaction.atomic():
            self.lease.renew()
            ImportRow.objects.bulk_create(
                rows, update_conflicts=True, unique_fields=["id"], update_fields=columns
            )


def check(lease: ImportLease) -> None:
    """Check an import to its end; raise LeaseLostError when somebody else has it."""
    source = lease.source
    writer = editing.writer_of(source.connection)
    if writer is None:
        raise EditingOffError
    fields = editing.fields_of(source.collection)
    meanings = mapping.meanings_of(source, fields)
    job = Check(lease=lease, writer=writer, fields=fields, meanings=meanings)
    for chunk in job.chunks(State.READ):
        _convert(job, chunk)
    _find_items(job)
    for chunk in job.chunks(State.CONVERTED):
        _compare(job, chunk)
    lease.release(state=Import.State.CHECKED)


def _convert(job: Check, chunk: list[ImportRow]) -> None:
    """Make values of cells, and note whom the rows mean."""
    ids: dict[int, str] = {}
    for row in chunk:
        content = import_content.unseal(row)
        cells = list(content["cells"])
        values, problems = read_cells(
            job.writer, job.meanings, cells, clears_empty=job.source.clears_empty
        )
        if job.meanings.id_column is not None:
            ids[row.number] = _cell(cells, job.meanings.id_column)
        identity = next(iter(job.writer.identities(values)), "")
        if not identity and not ids.get(row.number) and not problems:
            problems.append((WHOLE_ROW, RowProblem.NO_IDENTITY, 0))
        if len(cells) > _width(job.source) and any(cells[_width(job.source) :]):
            problems.append((WHOLE_ROW, RowProblem.TOO_MANY_CELLS, 0))
        row.identity = "" if ids.get(row.number) else _fingerprint(identity)
        row.problems = [list(each) for each in problems]
        row.state = State.INVALID if problems else State.CONVERTED
        row.content = import_content.seal(row, {"cells": cells, "values": values})
    _take_ids(job, chunk, ids)
    job.store(chunk, "identity", "problems", "state", "content", "item")


def read_cells(
    writer: WritesItems,
    meanings: mapping.Meanings,
    cells: list[str],
    *,
    clears_empty: bool,
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the values of a row by field, and what is wrong with its cells."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for number, meaning in meanings.columns.items():
        text = _cell(cells, number)
        # What an item is found by is never cleared.
        if not text and (meaning.field.is_identity or not clears_empty):
            continue
        try:
            values[meaning.field.name] = convert(writer, meaning, text)
        except ValueRefusedError as exc:
            problems.append((number, exc.code.value, 0))
    return values, problems


def _cell(cells: list[str], number: int) -> str:
    return cells[number] if number < len(cells) else ""


def _width(source: Import) -> int:
    return max((column["number"] for column in source.columns), default=0) + 1


def _fingerprint(identity: str) -> str:
    return crypto.fingerprint(Secret(identity)) if identity else ""


def _take_ids(job: Check, chunk: list[ImportRow], ids: Mapping[int, str]) -> None:
    """Find the items that rows name by their id."""
    wanted = {each for each in ids.values() if each}
    live = Item.objects.live().filter(collection=job.source.collection)
    found = {item.remote_id: item for item in live.filter(remote_id__in=wanted)}
    for row in chunk:
        if not (remote_id := ids.get(row.number)):
            continue
        row.item = found.get(remote_id)
        if row.item is None:
            code = RowProblem.NOT_THERE
            row.problems.append([job.meanings.id_column, code, 0])
            row.state = State.INVALID


def _find_items(job: Check) -> None:
    """Look through the stored items once for those that rows mean by identity."""
    if not job.source.rows.filter(state=State.CONVERTED).exclude(identity="").exists():
        return
    for page in _pages(job):
        found: dict[str, int] = {}
        for key, properties in page:
            for identity in job.writer.identities(properties):
                found[_fingerprint(identity)] = key
        _note_items(job, found)


def _pages(job: Check) -> Iterator[list[tuple[int, Mapping[str, Any]]]]:
    """Yield the stored items, each page read to its end before anything is written.

    SQLite refuses a write while a reading that began before another's write goes on.
    """
    live = Item.objects.live().filter(collection=job.source.collection)
    rows = live.order_by("pk").values_list("pk", "properties")
    page = list(rows[:CHUNK])
    while page:
        yield page
        page = list(rows.filter(pk__gt=page[-1][0])[:CHUNK])


def _note_items(job: Check, items: Mapping[str, int]) -> None:
    rows = job.source.rows.filter(state=State.CONVERTED, identity__in=items)
    meant = list(rows)
    for row in meant:
        row.item_id = items[row.identity]
    job.store(meant, "item")


def _compare(job: Check, chunk: list[ImportRow]) -> None:
    """Compare values with those that are stored, and rows with those before."""
    items = Item.objects.live().in_bulk([row.item_id for row in chunk if row.item_id])
    earlier = _earlier(job, chunk)
    for row in chunk:
        content = import_content.unseal(row)
        item = items.get(row.item_id or 0)
        if item is not None and row.identity and not _is_meant(job, content, item):
            item = None
        row.item = item
        keys = [key for key in (row.identity, item.pk if item else None) if key]
        first = next((earlier[key] for key in keys if key in earlier), None)
        if first is not None:
            row.problems = [[WHOLE_ROW, RowProblem.DUPLICATE, first]]
            row.state = State.INVALID
            continue
        if item is None and (problem := _why_not_new(job, row, content["values"])):
            row.problems = [[WHOLE_ROW, problem, 0]]
            row.state = State.INVALID
            continue
        earlier |= dict.fromkeys(keys, row.number)
        content |= _plan(job, row, content["values"], item)
        row.content = import_content.seal(row, content)
    job.store(chunk, "item", "problems", "state", "content")


def _earlier(job: Check, chunk: list[ImportRow]) -> dict[Any, int]:
    """Return the rows that were accepted for what these rows mean, by what it is."""
    identities = {row.identity for row in chunk if row.identity}
    items = {row.item_id for row in chunk if row.item_id}
    accepted = job.source.rows.filter(
        Q(identity__in=identities) | Q(item__in=items), state__in=ACCEPTED
    )
    found: dict[Any, int] = {}
    for identity, item, number in accepted.values_list("identity", "item", "number"):
        found |= {key: number for key in (identity, item) if key}
    return found


def _is_meant(job: Check, content: Mapping[str, Any], item: Item) -> bool:
    """Tell whether an item is the one whose identity a row has."""
    wanted = set(job.writer.identities(content["values"]))
    return bool(wanted & set(job.writer.identities(item.properties)))


def _why_not_new(
    job: Check, row: ImportRow, values: Mapping[str, Any]
) -> RowProblem | None:
    """Return why nothing new can be made of a row, None where it can."""
    # Its record ID was found, and is not there any more.
    if not row.identity:
        return RowProblem.NOT_THERE
    names = [name for name, field in job.fields.items() if field.is_identity]
    return None if all(map(values.get, names)) else RowProblem.NO_IDENTITY


def _plan(
    job: Check, row: ImportRow, values: Mapping[str, Any], item: Item | None
) -> dict[str, Any]:
    """Decide what a row would do; return its values and those that they replace."""
    if item is None:
        row.state = State.NEW
        given = {name: value for name, value in values.items() if value != ""}
        return {"values": given, "base": {}}
    changed = {
        name: value
        for name, value in values.items()
        if not (row.identity and job.fields[name].is_identity)
        and not job.writer.is_same(job.fields[name], value, item.properties.get(name))
    }
    row.state = State.CHANGED if changed else State.UNCHANGED
    base = {name: item.properties.get(name) for name in changed}
    return {"values": changed, "base": base}
