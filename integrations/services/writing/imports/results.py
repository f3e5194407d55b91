"""Results of an import: how many rows came to what, and those that were refused."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from integrations.models import Edit, Import, ImportRow
from integrations.models.messages import wording
from integrations.models.writing.import_texts import problem_text, refusal_text
from integrations.services.common.sealing import import_content
from integrations.services.items.export import to_cell
from integrations.services.writing import row_states
from integrations.services.writing.imports.lease import ImportLease

CHUNK: Final = 200
State = ImportRow.State
# The headings that the list of refused rows has besides the file's own.
BYTE_ORDER_MARK: Final = "\ufeff"
ADDED: Final = ("Row", "Column", "Reason")


def settle(lease: ImportLease) -> None:
    """Note what came of rows that were being sent; raise LeaseLostError."""
    sent = lease.source.rows.filter(state=State.SENT).exclude(
        Q(edit__state__in=Edit.OPEN) | Q(pk__in=found_there(lease.source).values("pk"))
    )
    while rows := list(sent.select_related("edit").order_by("number")[:CHUNK]):
        for row in rows:
            row.state = row_states.outcome_of(row.edit)
            if row.edit is not None and row.item_id is None:
                row.item_id = row.edit.item_id
        with transaction.atomic():
            lease.renew()
            store(rows)


def found_there(source: Import) -> QuerySet[ImportRow]:
    """Return new rows that turned out not to be new: what is there gets their values.

    A cancelled import begins nothing any more, and leaves them to its user.
    """
    if source.state != Import.State.RUNNING:
        return ImportRow.objects.none()
    return source.rows.filter(
        state=State.SENT,
        edit__state=Edit.State.CONFLICT,
        edit__verb=Edit.Verb.CREATE,
        edit__item__isnull=False,
    )


def store(rows: list[ImportRow]) -> None:
    """Write what rows have come to, in the caller's transaction."""
    ImportRow.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["state", "edit", "item", "problems"],
    )


def counts_of(source: Import) -> dict[str, Any]:
    """Return how many rows are in each state, the others left out."""
    rows = source.rows.order_by().values("state").annotate(count=Count("pk"))
    found = {row["state"]: row["count"] for row in rows}
    return {state: found[state] for state in State.values if state in found}


def refused_csv(source: Import) -> Iterator[str]:
    """Yield the lines of a CSV file of refused rows, each with its first reason.

    It has the file's own cells, so that it can be corrected and imported again.
    """
    headings = {column["number"]: column["heading"] for column in source.columns}
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    buffer.write(BYTE_ORDER_MARK)
    writer.writerow([*map(to_cell, headings.values()), *ADDED])
    rows = source.rows.filter(state__in=(State.INVALID, State.REFUSED))
    for row in rows.select_related("edit").order_by("number").iterator(CHUNK):
        cells = list(import_content.unseal(row).get("cells", ()))
        own = [cells[each] if each < len(cells) else "" for each in headings]
        column, reason = next(reasons_of(row, headings), ("", ""))
        writer.writerow(map(to_cell, [*own, str(row.number), column, reason]))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def reasons_of(
    row: ImportRow, headings: Mapping[int, str]
) -> Iterator[tuple[str, str]]:
    """Yield why a row was refused, here or by the provider, each with where."""
    for problem in row.problems:
        yield headings.get(problem[0], ""), problem_text(problem)
    if row.state != State.REFUSED or row.edit is None:
        return
    for name, told in row.edit.refused.items():
        yield name, refusal_text(told)
    if not row.edit.refused:
        yield "", wording.reason_text(row.edit.why)
