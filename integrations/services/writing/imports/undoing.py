"""Undo of an import: what it created is archived, what it changed is given back.

Only where nothing newer is there: what somebody has worked on since is left as it is.
"""

import hashlib
import json

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from msgspec import Struct

from integrations.models import BulkEdit, Edit, Import, ImportRow
from integrations.models.writing.edit import EditQuerySet
from integrations.services.common import audit
from integrations.services.writing import outbox
from integrations.services.writing.batches import bulk
from integrations.services.writing.batches.bulk import PreviewChangedError
from integrations.services.writing.outbox import NothingToUndoError
from integrations.services.writing.undo import undoing


class Plan(Struct, frozen=True, kw_only=True):
    """What the undo of an import does: keys of edits by what becomes of their items."""

    archived: list[int]
    given_back: list[int]
    left: list[int]

    @property
    def keys(self) -> list[int]:
        """Return the keys of the edits that are taken back."""
        return sorted([*self.archived, *self.given_back])

    @property
    def digest(self) -> str:
        """Return what tells this plan from another one."""
        told = json.dumps([self.archived, self.given_back])
        return hashlib.sha256(told.encode()).hexdigest()


def can_undo(source: Import, user: User) -> bool:
    """Tell whether an import is the user's own, ended, and not being taken back."""
    is_own = source.is_ended and source.created_by_id == user.pk
    if not is_own or not outbox.may_write(source.collection, user):
        return False
    taken = source.undoing
    return taken is None or not taken.edits.open().exists()


def count(source: Import, user: User) -> int:
    """Return how many rows could be taken back; newer changes are found by the plan."""
    return _edits(source).count() if can_undo(source, user) else 0


def plan(source: Import, user: User) -> Plan:
    """Return what the undo of an import would do now."""
    if not can_undo(source, user):
        raise NothingToUndoError
    edits = _edits(source)
    verbs = dict(edits.order_by("pk").values_list("pk", "verb"))
    latest = dict.fromkeys(undoing.latest_keys(edits))
    return Plan(
        archived=[key for key in latest if verbs.get(key) == Edit.Verb.CREATE],
        given_back=[key for key in latest if verbs.get(key) == Edit.Verb.UPDATE],
        left=[key for key in verbs if key not in latest],
    )


def _edits(source: Import) -> EditQuerySet:
    """Return the edits of rows that did something there, and were not taken back."""
    rows = source.rows.filter(
        state__in=(ImportRow.State.CREATED, ImportRow.State.UPDATED)
    )
    # A new item has no history before somebody changes it.
    did_something = Q(verb=Edit.Verb.CREATE) | Q(change__isnull=False)
    edits = Edit.objects.filter(
        did_something, pk__in=rows.values("edit"), state=Edit.State.SAVED
    )
    return undoing.without_undone(edits)


def undo(source: Import, *, user: User, shown: str | None = None) -> BulkEdit:
    """Take an import back, as far as nothing newer is there, as a bulk edit.

    Raises PreviewChangedError where it would not do what was shown to the user.
    """
    bulk.ensure_allowed(source.collection, user)
    planned = plan(source, user)
    if not planned.keys:
        raise NothingToUndoError
    if shown is not None and shown != planned.digest:
        raise PreviewChangedError
    edits = undoing.load(planned.keys)
    taken = BulkEdit(
        connection=source.connection,
        collection=source.collection,
        created_by=user,
        confirmed_at=timezone.now(),
    )
    with transaction.atomic():
        # Another window may have begun to take it back meanwhile.
        Import.objects.select_for_update(no_key=True).get(pk=source.pk)
        source.refresh_from_db(fields=["undoing"])
        if not can_undo(source, user):
            raise NothingToUndoError
        undoing.take(taken, edits)
        source.undoing = taken
        source.save(update_fields=["undoing"])
        audit.record("import.undone", user=user, subject=source.pk, rows=len(edits))
    return taken
