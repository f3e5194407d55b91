"""What a write replaced unseen: HubSpot has no If-Match, but keeps a history.

https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from integrations.providers.connector import CollectionContext
from integrations.providers.hubspot.listing.records import ID_ONLY, Reader
from integrations.providers.hubspot.mapping.display import from_milliseconds
from integrations.providers.hubspot.writing import STAGE, is_same, writable_fields
from integrations.providers.listing import id_of
from integrations.providers.typed.values import to_time
from integrations.providers.writing import RawValues, WritableField

# With a history HubSpot takes half as many records in a batch.
MOST_WITH_HISTORY: Final = 50
UNKNOWN: Final = object()
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def fetch_overwritten(
    reader: Reader, sent: Mapping[str, RawValues], before: Mapping[str, RawValues]
) -> Mapping[str, RawValues]:
    """Return what others wrote between a reading and a write of ours, by record.

    ``sent`` are the values of the write, ``before`` those of the reading.
    """
    fields = _fields(reader.collection)
    ids = list(sent)
    found: dict[str, RawValues] = {}
    for start in range(0, len(ids), MOST_WITH_HISTORY):
        asked = ids[start : start + MOST_WITH_HISTORY]
        names = sorted({name for each in asked for name in sent[each]})
        for row in reader.fetch_batch(asked, properties=[ID_ONLY], history=names):
            key = id_of(row)
            if key is None or key not in sent:
                continue
            replaced = _replaced(row, fields, sent[key], before[key])
            if replaced:
                found[key] = replaced
    return found


def _replaced(
    row: Mapping[str, Any],
    fields: Mapping[str, WritableField],
    sent: RawValues,
    before: RawValues,
) -> RawValues:
    """Return the values that a write replaced, and that were not there before it."""
    histories = row.get("propertiesWithHistory")
    if not isinstance(histories, dict):
        return {}
    earlier = {
        name: _value_before(histories.get(name), fields[name], sent)
        for name in sent
        if name in fields
    }
    return {
        name: value
        for name, value in earlier.items()
        if value is not UNKNOWN and not is_same(fields[name], value, before.get(name))
    }


def _fields(collection: CollectionContext) -> Mapping[str, WritableField]:
    return {field.name: field for field in writable_fields(collection)}


def _value_before(history: object, field: WritableField, sent: RawValues) -> Any:
    """Return the value that the one sent has replaced, UNKNOWN where none is told.

    Somebody else may have written a value that means the same, in another form.
    """
    versions = [each for each in _list(history) if isinstance(each, dict)]
    # The newest is the first; that they come so is nobody's promise.
    versions.sort(key=lambda each: _written_at(each.get("timestamp")), reverse=True)
    values = [each.get("value") for each in versions]
    same = [is_same(field, value, sent[field.name]) for value in values]
    if True not in same:
        return UNKNOWN
    since = same.index(True) + 1
    earlier = [
        value
        for value, is_ours in zip(values[since:], same[since:], strict=True)
        if not is_ours
    ]
    if field.name == STAGE:
        # Clearing it first was the only way to go back.
        earlier = [each for each in earlier if each not in ("", None)]
    return earlier[0] if earlier else None


def _written_at(timestamp: object) -> datetime:
    """Return when a version was written: HubSpot leaves out milliseconds of zero."""
    raw = "" if timestamp is None else str(timestamp)
    return from_milliseconds(raw) or to_time(raw) or NEVER


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
