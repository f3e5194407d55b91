"""Rows of an import as its page shows them: whom each is about, and what it does."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from integrations.models import Import, ImportRow
from integrations.services.common.sealing import import_content
from integrations.services.writing import editing
from integrations.services.writing.imports import results
from integrations.views.editing import status

State = ImportRow.State
TONES: Final = {
    State.NEW: "busy",
    State.CHANGED: "busy",
    State.UNCHANGED: "idle",
    State.INVALID: "bad",
    State.SENT: "busy",
    State.CREATED: "ok",
    State.UPDATED: "ok",
    State.REFUSED: "bad",
    State.CONFLICT: "warn",
    State.DISCARDED: "idle",
}


def rows_of(source: Import, rows: Sequence[ImportRow]) -> Iterator[dict[str, Any]]:
    """Yield what is shown of some rows."""
    headings = {column["number"]: column["heading"] for column in source.columns}
    labels = status.labels_of(source.collection)
    fields = editing.fields_of(source.collection)
    identities = [name for name, field in fields.items() if field.is_identity]
    for row in rows:
        content = import_content.unseal(row)
        yield {
            "row": row,
            "tone": TONES.get(State(row.state), "idle"),
            "name": _name(row, content, identities),
            "changes": list(_changes(source, content, labels)),
            "problems": list(_problems(row, headings, labels)),
            "existing": row.edit.existing_item if row.edit else None,
            "decide": row.edit if row.state == State.CONFLICT else None,
        }


def _name(row: ImportRow, content: Mapping[str, Any], identities: Sequence[str]) -> str:
    if row.item is not None:
        return row.item.name
    values = content.get("values") or {}
    told = next((str(values[name]) for name in identities if values.get(name)), "")
    return told or next(filter(None, content.get("cells") or ()), "")


def _changes(
    source: Import, content: Mapping[str, Any], labels: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    base = content.get("base")
    if base is None:
        return
    values = content.get("values") or {}
    new, old = (status.texts(source.collection, each) for each in (values, base))
    for name in values:
        yield {
            "label": labels.get(name, name),
            "old": old.get(name, ""),
            "new": new.get(name, ""),
        }


def _problems(
    row: ImportRow, headings: Mapping[int, str], labels: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    for where, text in results.reasons_of(row, headings):
        yield {"where": labels.get(where, where), "text": text}
