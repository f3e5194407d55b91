"""Put an edit in words: where it is, what it changes, what can be done about it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from integrations.models import Collection, Connection, Edit, Item
from integrations.models.messages import wording
from integrations.models.messages.wording import count_text
from integrations.models.reasons import ReasonCode
from integrations.providers.raw import describe_raw
from integrations.services.common.errors import ConnectorError
from integrations.services.items import described
from integrations.services.items.lists.counting import count_each
from integrations.services.writing import editing, outbox
from integrations.services.writing import waiting as waiting_changes
from integrations.services.writing.undo import undo_one
from integrations.views.editing import waits
from integrations.views.items.parts.values import show

State = Edit.State
TONES = {
    State.WAITING: "busy",
    State.SENDING: "busy",
    State.UNKNOWN: "busy",
    State.SAVED: "ok",
    State.REFUSED: "bad",
    State.CONFLICT: "warn",
    State.CANCELLED: "idle",
}
DONE = {Edit.Verb.CREATE: "Created", Edit.Verb.ARCHIVE: "Archived"}
SHOWN = 5
# How often an open page looks while something is on its way.
SECONDS_BUSY = 2


def put_in_words(edit: Edit, user: User) -> dict[str, Any]:
    """Return what is shown of one edit."""
    return {
        "edit": edit,
        "tone": TONES[State(edit.state)],
        "word": word(edit),
        "sentence": sentence(edit),
        "fields": list(_fields(edit)),
        "existing": edit.existing_item,
        "can_undo": undo_one.can_undo(edit, user),
        "can_discard": _can_discard(edit),
        "may_have_arrived": edit.is_open and edit.may_have_arrived,
    }


def word(edit: Edit) -> str:
    """Return the state of an edit in a word or two."""
    state = State(edit.state)
    done = DONE.get(Edit.Verb(edit.verb), state.label)
    return done if state is State.SAVED else state.label


def _can_discard(edit: Edit) -> bool:
    if edit.is_undecided:
        return edit.reason != ReasonCode.OVERWROTE
    return edit.is_open and edit.lease_id is None and not edit.is_cancelled


def sentence(edit: Edit) -> str:
    """Return why it is where it is, as a whole sentence; empty for nothing."""
    connection, why = edit.connection, wording.reason_text(edit.why)
    provider = connection.provider_name
    wait = waits.held(edit.collection, is_read_only=edit.is_cancelled)
    told = wait.text if wait and edit.is_open else ""
    if edit.is_being_sent:
        return _awaited(edit)
    if edit.state == State.UNKNOWN or (edit.is_open and edit.may_have_arrived):
        return _sought(edit, told)
    if told:
        return told
    if edit.state == State.CONFLICT and edit.verb == Edit.Verb.CREATE:
        return f"{provider} has one{_with_same(edit.collection)} already."
    if edit.reason == ReasonCode.OVERWROTE:
        return f"Your change is at {provider}, but {why}. Decide which one stays."
    if edit.is_open and why:
        return f"It is sent as soon as it can be: {why}."
    if edit.state in (State.REFUSED, State.CONFLICT):
        return f"Nothing was changed at {provider}: {why}."
    return ""


def _with_same(collection: Collection) -> str:
    """Return by which fields no two items are alike, as part of a sentence."""
    try:
        names = outbox.identity_fields(collection)
    except ConnectorError:
        return ""
    labels = labels_of(collection)
    return f" with the same {' or '.join(labels[name] for name in names)}"


def _awaited(edit: Edit) -> str:
    """Return that an edit is on its way, where it would not be sent any more."""
    if edit.is_cancelled:
        return "It was on its way already, and is not sent again."
    return ""


def _sought(edit: Edit, told: str) -> str:
    """Return that it is looked for whether an edit has arrived, and when."""
    provider = edit.connection.provider_name
    words = [f"The answer of {provider} was lost."]
    if edit.is_cancelled:
        words.append("It is not sent again.")
    if told:
        return " ".join([*words, "Nobody knows yet whether it arrived.", told])
    return " ".join([*words, f"{provider} is being asked whether it arrived."])


def discarded_text(connection: Connection) -> str:
    """Return what came of discarding all that waited in a connection."""
    words, provider = ["The waiting changes are discarded."], connection.provider_name
    sought = waiting_changes.count_sought(connection)
    sending = connection.edits.being_sent(timezone.now()).count()
    if sending:
        on_the_way = count_text(sending, "change")
        words.append(f"Only {on_the_way} on the way already may still arrive.")
    if lost := max(0, sought - sending):
        told = count_text(lost, "change")
        words.append(
            f"The answer to {told} was lost: {provider} is asked what arrived."
        )
    return " ".join(words)


def _fields(edit: Edit) -> Iterator[dict[str, str]]:
    old = texts(edit.collection, edit.base)
    new = texts(edit.collection, edit.values)
    theirs = texts(edit.collection, edit.theirs)
    labels = labels_of(edit.collection)
    for name in edit.values:
        yield {
            "name": name,
            "label": labels.get(name, name),
            "old": old.get(name, ""),
            "new": new.get(name, ""),
            "theirs": theirs.get(name, ""),
            "differs": "yes" if name in edit.theirs else "",
        }


def labels_of(collection: Collection) -> Mapping[str, str]:
    """Return the labels of the fields that can be written."""
    try:
        fields = editing.fields_of(collection)
    except ConnectorError:
        return {}
    return {name: field.label for name, field in fields.items()}


def texts(collection: Collection, values: Mapping[str, Any]) -> dict[str, str]:
    """Return values as users read them, by field."""
    try:
        fields = described.describe(collection, values)
    except ConnectorError:
        fields = describe_raw(values, {})
    return {field.name: show(field.value).text for field in fields}


def unfinished(edits: QuerySet[Edit]) -> QuerySet[Edit]:
    """Return those of some edits that are on their way, or wait for a decision."""
    return edits.filter(state__in=[*Edit.OPEN, *Edit.UNDECIDED])


def edits_of_item(item: Item, user: User) -> dict[str, Any]:
    """Return what is on its way or undecided, and the latest that was saved."""
    # Mostly there is none, and what tells of one joins all that it is of.
    if not (editing.is_writable(item.collection) and item.edits.exists()):
        return {"edits": []}
    rows = item.edits.select_related("connection", "collection__connection", "item")
    waiting = list(unfinished(rows).order_by("-pk")[: SHOWN + 1])
    latest = rows.filter(state=State.SAVED).order_by("-pk")[:1]
    shown = [*waiting[:SHOWN], *latest]
    return {
        "edits": [put_in_words(edit, user) for edit in shown],
        "has_more_edits": len(waiting) > SHOWN,
    }


def edits_of_connection(
    connection: Connection, user: User, collections: Sequence[Collection]
) -> dict[str, Any]:
    """Return what the connection's page says of editing; it shows ``collections``."""
    alone = unfinished(connection.edits.filter(bulk_edit__isnull=True))
    counted = (
        *(alone, _confirmed(connection), waiting_changes.sought(connection)),
        *waiting_changes.unsaved(connection),
    )
    # Mostly there is none of anything.
    edits, in_bulk, sought, *unsaved = (each.number for each in count_each(counted))
    rows = alone.select_related("collection__connection", "item").order_by("-pk")
    waiting = list(rows[: SHOWN + 1]) if edits else []
    bulk_edits = list(confirmed_bulk_edits(connection)[: SHOWN + 1]) if in_bulk else []
    for edit in waiting[:SHOWN]:
        edit.connection = connection
    return {
        "is_editing_offered": editing.is_offered(connection),
        "writable_collections": [c for c in collections if editing.can_write(c)],
        "edits": [put_in_words(edit, user) for edit in waiting[:SHOWN]],
        "has_more_edits": len(waiting) > SHOWN,
        "bulk_edits": [put_bulk_in_words(each) for each in bulk_edits[:SHOWN]],
        "has_more_bulk_edits": len(bulk_edits) > SHOWN,
        "waiting_edits": sum(unsaved),
        "sought_edits": sought,
    }


def confirmed_bulk_edits(connection: Connection) -> QuerySet[Any]:
    """Return bulk edits, the latest first, with how many of their rows are done."""
    is_open = Q(edits__state__in=Edit.OPEN)
    counted = _confirmed(connection).annotate(
        total=Count("edits"), waiting=Count("edits", filter=is_open)
    )
    rows = counted.select_related("collection__connection").defer("rows")
    return rows.order_by("-pk")


def _confirmed(connection: Connection) -> QuerySet[Any]:
    """Return bulk edits; the rows of an import are shown on its own page."""
    return connection.bulk_edits.filter(confirmed_at__isnull=False, import__isnull=True)


def put_bulk_in_words(bulk: Any) -> dict[str, Any]:
    """Return what is shown of one of them in a list."""
    labels = labels_of(bulk.collection)
    return {
        "bulk": bulk,
        "label": labels.get(bulk.field, bulk.field) or "An import",
        "is_undo": bulk.undoes_id is not None or not bulk.field,
        "done": bulk.total - bulk.waiting,
        "total": bulk.total,
    }
