"""Put a bulk edit in words: its preview, its progress, and what became of its rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db.models import Count
from django.urls import reverse

from integrations.models import BulkEdit, Edit
from integrations.models.messages.wording import count_text
from integrations.models.writing.import_texts import refusal_text
from integrations.services.writing.batches import bulk
from integrations.services.writing.batches.bulk_rows import Kind
from integrations.services.writing.undo import undoing
from integrations.views import paging
from integrations.views.editing import status, waits

State = Edit.State
KINDS: Final = {
    Kind.CHANGE: "will be changed",
    Kind.SAME: "have this value already",
    Kind.REFUSED: "are not there any more",
}
# The outcomes that a page lists, in the order of their urgency.
OUTCOMES: Final[Mapping[str, Sequence[State]]] = {
    "open": Edit.OPEN,
    "conflict": (State.CONFLICT,),
    "refused": (State.REFUSED,),
    "cancelled": (State.CANCELLED,),
    "saved": (State.SAVED,),
}
WORDS: Final = {
    "open": "Waiting",
    "conflict": "Changed there meanwhile",
    "refused": "Refused",
    "cancelled": "Discarded",
    "saved": "Saved",
}


def head(found: BulkEdit) -> dict[str, Any]:
    """Return what every page of a bulk edit shows."""
    labels = status.labels_of(found.collection)
    return {
        "bulk": found,
        "collection": found.collection,
        "connection": found.connection,
        "source": found.undone_imports.first(),
        "label": labels.get(found.field, found.field),
        "new": _text(found, found.value),
    }


def preview(found: BulkEdit, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return how many rows there are of each kind, and some of one kind."""
    numbers = bulk.counts(found)
    kind = Kind(parameters["kind"]) if parameters.get("kind") in set(Kind) else None
    kind = kind or Kind.CHANGE
    shown = paging.make_context(
        parameters, range(numbers[kind]), kept={"kind": kind.value}
    )
    start = shown["page"].object_list.start
    rows = bulk.preview(found, kind, start, paging.PAGE_SIZE)
    return {
        **head(found),
        "change_count": numbers[Kind.CHANGE],
        "kinds": [
            {
                "text": f"{count_text(numbers[each], 'row')} {words}",
                "url": f"?{urlencode({'kind': each.value})}",
                "is_current": each is kind,
            }
            for each, words in KINDS.items()
            if numbers[each]
        ],
        "rows": [{"item": row.item, "old": _text(found, row.old)} for row in rows],
        "will_change": kind is Kind.CHANGE,
        **shown,
    }


def progress(
    found: BulkEdit, parameters: Mapping[str, str], user: User
) -> dict[str, Any]:
    """Return how far a bulk edit is, and what became of some of its rows."""
    numbers = _numbers(found)
    total, still_open = sum(numbers.values()), numbers["open"]
    outcome = parameters.get("outcome", "")
    states = OUTCOMES.get(outcome, list(State))
    kept = {"outcome": outcome} if outcome else {}
    count = numbers[outcome] if outcome in OUTCOMES else total
    shown = paging.make_context(parameters, range(count), kept=kept)
    start = shown["page"].object_list.start
    rows = found.edits.filter(state__in=states).order_by("pk")
    labels = status.labels_of(found.collection)
    edits = list(rows.select_related("item")[start : start + paging.PAGE_SIZE])
    for edit in edits:
        edit.connection, edit.collection = found.connection, found.collection
    path = reverse("integrations:bulk-edit-live", args=(found.uuid,))
    asked = {"outcome": outcome, "page": shown["page"].number}
    return {
        **head(found),
        "total": total,
        "done": total - still_open,
        "is_open": still_open > 0,
        "wait": _wait(found) if still_open else None,
        "numbers": list(_links(numbers, outcome)),
        "rows": [_row(found, edit, labels) for edit in edits],
        "undo_count": _undo_count(found, user, is_open=still_open > 0),
        "undone": found.undone.order_by("-pk").first(),
        "left_out": list(_left_out(found)),
        "live_url": f"{path}?{urlencode(asked)}",
        "live_seconds": status.SECONDS_BUSY if still_open else 0,
        **shown,
    }


def _wait(found: BulkEdit) -> waits.Wait | None:
    is_cancelled = found.cancelled_at is not None
    edits = Edit.objects.filter(bulk_edit=found)
    return waits.wait_of_many(edits, found.collection, is_read_only=is_cancelled)


def _undo_count(found: BulkEdit, user: User, *, is_open: bool) -> int:
    """Return how many rows could be taken back; newer changes are found by the undo."""
    if is_open or not undoing.can_undo(found, user):
        return 0
    return undoing.saved(found).count()


def _numbers(found: BulkEdit) -> dict[str, int]:
    counted = found.edits.order_by().values("state").annotate(number=Count("pk"))
    by_state = {row["state"]: row["number"] for row in counted}
    return {
        name: sum(by_state.get(state, 0) for state in states)
        for name, states in OUTCOMES.items()
    }


def _links(numbers: Mapping[str, int], outcome: str) -> Iterator[dict[str, Any]]:
    for name, number in numbers.items():
        if number:
            yield {
                "text": f"{WORDS[name]}: {number:,}",
                "url": f"?{urlencode({'outcome': name})}",
                "is_current": name == outcome,
            }


def _row(found: BulkEdit, edit: Edit, labels: Mapping[str, str]) -> dict[str, Any]:
    state, told = State(edit.state), next(iter(edit.refused.values()), None)
    is_archived = edit.verb == Edit.Verb.ARCHIVE
    return {
        "edit": edit,
        "item": edit.item,
        "tone": status.TONES[state],
        "word": status.word(edit),
        "sentence": refusal_text(told) or status.sentence(edit),
        "is_archived": is_archived,
        "changes": [] if is_archived else list(_changes(found, edit, labels)),
    }


def _changes(
    found: BulkEdit, edit: Edit, labels: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """Yield old and new values; of the one field of a bulk edit without its label."""
    old, new = (
        status.texts(found.collection, each) for each in (edit.base, edit.values)
    )
    for name in edit.values:
        yield {
            "label": "" if name == found.field else labels.get(name, name),
            "old": old.get(name, ""),
            "new": new.get(name, ""),
        }


def _left_out(found: BulkEdit) -> Iterator[str]:
    counted = {
        "had this value already": found.same_count,
        "were not there any more": found.refused_count,
        "changed after you saw the preview": found.moved_count,
    }
    for words, number in counted.items():
        if number:
            yield f"{count_text(number, 'row')} {words}"


def _text(found: BulkEdit, value: Any) -> str:
    if not found.field or value in ("", None):
        return ""
    return status.texts(found.collection, {found.field: value}).get(found.field, "")
