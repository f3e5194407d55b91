"""Take an import back: see what that does to each row, then confirm it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from integrations.models import Collection, Edit
from integrations.services.writing.batches.bulk import PreviewChangedError
from integrations.services.writing.imports import undoing
from integrations.services.writing.outbox import EditingOffError, NothingToUndoError
from integrations.services.writing.undo import undo_one
from integrations.services.writing.undo import undoing as writing_undoing
from integrations.views import paging
from integrations.views.access import UserRequest
from integrations.views.editing import status
from integrations.views.editing.imports import get_import
from integrations.views.editing.not_allowed import not_allowed

# The kinds of rows by what the undo does to them, as the address names them.
KINDS: Final = {
    "archived": "will be archived",
    "given_back": "will get their earlier values",
    "left": "were changed since, or are gone, and stay as they are",
}


@require_http_methods(["GET", "HEAD", "POST"])
def import_undo(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show what taking an import back would do, and do it once that is confirmed."""
    source = get_import(request, pk)
    try:
        if request.method == "POST":
            shown = request.POST.get("shown", "")
            return redirect(undoing.undo(source, user=request.user, shown=shown))
        plan = undoing.plan(source, request.user)
    except EditingOffError:
        return not_allowed(request, source.collection)
    except PreviewChangedError:
        text = "Something has changed since you saw this page. This is the latest."
        messages.warning(request, text, extra_tags="preview_changed")
        return redirect(request.path)
    except NothingToUndoError:
        text = "There is nothing to take back: something newer is there."
        messages.warning(request, text, extra_tags="nothing_to_undo")
        return redirect(source)
    return render(
        request,
        "editing/import_undo.html",
        _context(request, plan)
        | {
            "source": source,
            "connection": source.connection,
        },
    )


def _context(request: UserRequest, plan: undoing.Plan) -> dict[str, Any]:
    kinds: Mapping[str, Sequence[int]] = {
        "archived": plan.archived,
        "given_back": plan.given_back,
        "left": plan.left,
    }
    first = next((name for name, keys in kinds.items() if keys), "archived")
    kind = request.GET.get("kind", first)
    kind = kind if kind in kinds else first
    shown = paging.make_context(request.GET, kinds[kind], kept={"kind": kind})
    edits = writing_undoing.load(list(shown["page"].object_list))
    return {
        **shown,
        "kinds": [
            {"name": name, "text": text, "count": len(kinds[name])}
            for name, text in KINDS.items()
            if kinds[name]
        ],
        "kind": kind,
        "rows": list(_rows(edits)),
        "archive_count": len(plan.archived),
        "undo_count": len(plan.keys),
        "shown": plan.digest,
    }


def _rows(edits: Sequence[Edit]) -> Iterator[dict[str, Any]]:
    labels = status.labels_of(edits[0].collection) if edits else {}
    for edit in edits:
        # Read once for all: a schema is longer than all else of a row.
        edit.collection = edits[0].collection
        is_created = edit.verb == Edit.Verb.CREATE
        yield {
            "item": edit.item,
            "is_created": is_created,
            "changes": [] if is_created else list(_changes(edit, labels)),
        }


def _changes(edit: Edit, labels: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield each value as it is now, and as it was before the import."""
    collection: Collection = edit.collection
    now = edit.item.properties if edit.item else {}
    old = status.texts(collection, {name: now.get(name) for name in edit.values})
    new = status.texts(collection, undo_one.old_values(edit))
    for name in edit.values:
        yield {
            "label": labels.get(name, name),
            "old": old.get(name, ""),
            "new": new.get(name, ""),
        }
