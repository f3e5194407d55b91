"""Share what the commands that write have in common: whose items, values, outcomes."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError
from django.db.models import Count

from integrations.management.console import find_user
from integrations.management.output import printable
from integrations.models import BulkEdit, Collection, Connection, Edit, Item
from integrations.models.accounts.preferences import zone_of
from integrations.models.messages import wording
from integrations.models.writing.import_texts import problem_text
from integrations.providers.writing import WritableField
from integrations.services.writing import editing
from integrations.services.writing.batches import bulk_delivery
from integrations.services.writing.delivering import delivery
from integrations.services.writing.imports.conversion import (
    Meaning,
    ValueRefusedError,
    convert,
)

# Longer waits are left to the workers.
LONGEST_WAIT: Final = 60.0
NAP_SECONDS: Final = 0.5
MOST_TRIES: Final = 10


def find_collection(connection: UUID | None, email: str) -> Collection:
    """Return the one collection that can be written; say so where it is not one."""
    connections = Connection.objects.connected()
    if connection is not None:
        connections = connections.filter(pk=connection)
    if email:
        connections = connections.owned_by(find_user(email))
    rows = Collection.objects.filter(connection__in=connections)
    found = [
        each
        for each in rows.select_related("connection__owner").order_by("position")
        if editing.is_writable(each)
    ]
    if not found:
        raise CommandError("no connection matches: nothing to write to")
    if len(found) > 1:
        names = [f"{each.connection_id} {each.connection}" for each in found]
        lines = ["choose one by --connection:", *names]
        raise CommandError("\n".join(map(printable, lines)))
    if not editing.can_write(found[0]):
        told = f"editing is off for {found[0].connection}: switch it on on its page"
        raise CommandError(printable(told))
    return found[0]


def find_item(collection: Collection, who: str) -> Item:
    """Return the item with an id or an identity."""
    live = Item.objects.live().filter(collection=collection)
    found = list(live.filter(remote_id=who)[:1])
    for name, field in editing.fields_of(collection).items():
        if field.is_identity and not found:
            found = list(live.filter(**{f"properties__{name}__iexact": who})[:2])
    if len(found) != 1:
        raise CommandError(printable(f"nobody here is {who!r}, by id or e-mail"))
    found[0].collection = collection
    return found[0]


def read_values(collection: Collection, pairs: Sequence[str]) -> dict[str, Any]:
    """Return values by field of ``name=value``; a name may be a label."""
    fields = editing.fields_of(collection)
    writer = editing.writer_of(collection.connection)
    zone = zone_of(collection.connection.owner) or ZoneInfo("UTC")
    values: dict[str, Any] = {}
    for pair in pairs:
        name, is_pair, text = pair.partition("=")
        if not is_pair or writer is None:
            raise CommandError(printable(f"{pair!r} is not NAME=VALUE"))
        field = find_field(fields, name)
        try:
            meaning = Meaning(field=field, zone=zone)
            values[field.name] = convert(writer, meaning, text.strip())
        except ValueRefusedError as exc:
            why = problem_text([0, exc.code.value, 0])
            raise CommandError(printable(f"{field.label}: {text!r}: {why}")) from exc
    return values


def find_field(fields: Mapping[str, WritableField], name: str) -> WritableField:
    """Return the field of a name, or of a label that is the only one of its kind."""
    word = name.strip().casefold()
    if name.strip() in fields:
        return fields[name.strip()]
    found = [field for field in fields.values() if field.label.casefold() == word]
    if len(found) != 1:
        raise CommandError(printable(f"there is no field {name!r} that can be written"))
    return found[0]


def finish(edit: Edit) -> Edit:
    """Deliver an edit here and now, as far as that is possible soon."""
    for _ in range(MOST_TRIES):
        wait = delivery.deliver(edit.pk)
        edit.refresh_from_db()
        if not edit.is_open or wait is None or wait > LONGEST_WAIT:
            break
        time.sleep(wait)
    return edit


def finish_many(bulk: BulkEdit) -> dict[str, int]:
    """Deliver a bulk edit as far as that is possible soon; count rows by state."""
    while bulk.edits.open().exists():
        wait = bulk_delivery.deliver(bulk.pk)
        for edit in bulk.edits.open().filter(is_sent_alone=True):
            finish(edit)
        if wait is None and not bulk.edits.open().filter(lease_id=None).exists():
            # A worker is on them.
            wait = NAP_SECONDS
        if wait is None or wait > LONGEST_WAIT:
            break
        time.sleep(wait)
    rows = bulk.edits.order_by().values_list("state").annotate(Count("pk"))
    return dict(rows)


def check_saved(edit: Edit) -> None:
    """Raise CommandError with all reasons, unless an edit was saved."""
    if edit.state == Edit.State.SAVED:
        return
    why = wording.reason_text(edit.why, edit.connection.provider)
    state = edit.get_state_display().lower()
    lines = [f"{state}: {why}" if why else state, *_details(edit)]
    raise CommandError("\n".join(map(printable, lines)))


def _details(edit: Edit) -> Iterator[str]:
    for name, told in edit.refused.items():
        yield f"{name}: {problem_text([0, told[0], 0])} {told[1]}".rstrip()
    for name, theirs in edit.theirs.items():
        yield f"{name}: {theirs!r} there"
    if edit.remote_id and edit.verb == Edit.Verb.CREATE:
        yield f"its id is {edit.remote_id}"
    if edit.is_open:
        yield "a worker sends it as soon as it can be"


def changes(values: Mapping[str, Any], base: Mapping[str, Any]) -> Iterable[str]:
    """Yield a line for each value, with the one that it replaces."""
    for name, value in values.items():
        old = base.get(name)
        before = f"{old!r} -> " if old not in (None, "") else ""
        yield printable(f"  {name}: {before}{value!r}")
