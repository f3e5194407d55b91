"""What is done with rows of a bulk edit that are sent together, by their verb.

What holds for one edit holds for each row: it is read before it is sent, its intent is
stored before the call, its answer before anything else, and what may have arrived is
read again before it is sent again. Rows that a call does not settle go alone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from django.db import transaction
from django.utils import timezone

from integrations.http.errors import AlreadyExists, NotFound, Server, Transient
from integrations.models import Edit
from integrations.models.reasons import ReasonCode
from integrations.providers.records import IntegrationItem
from integrations.providers.writing import RawValues, WrittenMany
from integrations.services.writing.batches.batch import Batch
from integrations.services.writing.delivering import lease, storing
from integrations.services.writing.delivering.attempt import Step, left_halfway, touched


def _update(batch: Batch) -> None:
    """Change items, unless they have those values already or others changed them."""
    there = batch.fetch(batch.open)
    changes = _compare(batch, there)
    if not changes:
        return
    batch.changes = changes
    storing.store_drift([batch.open[key] for key in changes], there)
    batch.note_sent(changes)
    answer = batch.writer.update_many(batch.api, batch.context, changes)
    _store_answer(batch, answer)
    batch.step = Step.ANSWERED
    if batch.open:
        _finish(batch, batch.fetch(batch.open))


def _create(batch: Batch) -> None:
    """Create items; what has the identity of one is looked at, as for one alone."""
    rows = {key: edit for key, edit in batch.open.items() if not edit.remote_id}
    new = {key: edit.values for key, edit in rows.items()}
    there = (
        batch.writer.find_many_existing(batch.api, batch.context, new) if new else {}
    )
    _settle_existing(batch, there)
    new = {key: values for key, values in new.items() if key in batch.open}
    if not new:
        return
    batch.note_sent(new)
    answer = batch.writer.create_many(batch.api, batch.context, new)
    _store_answer(batch, answer)
    batch.step = Step.ANSWERED
    if batch.open:
        ids = [edit.remote_id for edit in batch.open.values()]
        _finish(batch, batch.fetch(ids))


def _settle_existing(batch: Batch, there: Mapping[str, str]) -> None:
    """End new items that an earlier call has made; leave alone what else is there.

    Cancelled ones end here, too: they are not made any more.
    """
    ours = {
        key: remote_id
        for key, remote_id in there.items()
        if batch.open[key].may_have_arrived
    }
    found = batch.fetch(ours.values()) if ours else {}
    arrived: list[Edit] = []
    for key, edit in list(batch.open.items()):
        item = found.get(there.get(key, ""))
        if item is not None and not batch.differing(edit.values, item.properties):
            arrived.append(edit)
        elif key in there or edit.remote_id or edit.is_cancelled:
            batch.leave_alone(edit)
    for edit in arrived:
        edit.remote_id = there[str(edit.uuid)]
    _store(batch, arrived, found)


def _archive(batch: Batch) -> None:
    """Archive items; those that are not there any more are archived already."""
    there = batch.fetch(batch.open)
    # What a batch does not know is gone, or was merged: looked at by itself.
    for key, edit in list(batch.open.items()):
        if edit.is_cancelled or key not in there:
            batch.leave_alone(edit)
    _store_touched(batch, there)
    ids = list(batch.open)
    if not ids:
        return
    batch.note_sent(ids)
    batch.writer.archive_many(batch.api, batch.context, ids)
    batch.step = Step.ANSWERED
    _store_archived(batch, list(batch.open.values()))


def _store_touched(batch: Batch, there: Mapping[str, IntegrationItem]) -> None:
    """Leave to their user the items that somebody changed since an undo looked."""
    changed: list[Edit] = []
    for key, edit in batch.open.items():
        now = there[key].properties
        names = touched(batch.writer, batch.fields, edit, now)
        edit.theirs = {name: now.get(name) for name in names}
        if names:
            changed.append(edit)
    _store(batch, changed, there)


def _store_archived(batch: Batch, edits: Sequence[Edit]) -> None:
    now = timezone.now()
    with transaction.atomic():
        changes = storing.archive_items(edits, now=now)
        for edit in edits:
            edit.change = changes.get(edit.pk)
            batch.end(edit, Edit.State.SAVED)


VERBS: Final[Mapping[Edit.Verb, Callable[[Batch], None]]] = {
    Edit.Verb.CREATE: _create,
    Edit.Verb.UPDATE: _update,
    Edit.Verb.ARCHIVE: _archive,
}


def _compare(
    batch: Batch, there: Mapping[str, IntegrationItem]
) -> dict[str, RawValues]:
    """End what needs no call, and return what has to be written, by item."""
    changes: dict[str, RawValues] = {}
    same: list[Edit] = []
    changed: list[Edit] = []
    for key, edit in list(batch.open.items()):
        item = there.get(key)
        if item is None:
            # It was deleted, merged or cannot be read: looked at by itself.
            batch.leave_alone(edit)
            continue
        missing = batch.differing(edit.values, item.properties)
        bases = {name: edit.base.get(name) for name in missing}
        edit.theirs = {
            name: item.properties.get(name)
            for name in batch.differing(bases, item.properties)
        }
        halfway = left_halfway(batch.writer, edit, edit.theirs, item.properties)
        if not missing:
            same.append(edit)
        elif edit.is_cancelled and halfway:
            # What its write cleared has to be given back to this one alone.
            batch.leave_alone(edit)
        elif edit.is_cancelled:
            edit.theirs = {}
            with transaction.atomic():
                batch.end(edit, Edit.State.CANCELLED, ReasonCode.DISCARDED)
        elif set(edit.theirs) - halfway:
            changed.append(edit)
        else:
            edit.theirs = {}
            if halfway:
                batch.halfway.add(key)
            changes[key] = {name: edit.values[name] for name in missing}
    _store(batch, [*same, *changed], there)
    return changes


def _store(
    batch: Batch, edits: Sequence[Edit], there: Mapping[str, IntegrationItem]
) -> None:
    """End rows by what is there: their values, or those of somebody else."""
    if not edits:
        return
    replaced = _fetch_overwritten(batch, edits)
    now = timezone.now()
    with transaction.atomic():
        found = [there[edit.remote_id] for edit in edits]
        items = storing.store_items(edits[0], found, now=now)
        for edit in edits:
            edit.item = items[edit.remote_id]
        changes = storing.changes_of(edits, now=now)
        for edit in edits:
            if edit.theirs:
                batch.end(edit, Edit.State.CONFLICT, ReasonCode.CHANGED_THERE)
                continue
            edit.change = changes.get(edit.pk)
            if theirs := replaced.get(edit.remote_id):
                edit.theirs = dict(theirs)
                batch.end(edit, Edit.State.CONFLICT, ReasonCode.OVERWROTE)
                continue
            batch.end(edit, Edit.State.SAVED)


def _fetch_overwritten(batch: Batch, edits: Sequence[Edit]) -> Mapping[str, RawValues]:
    """Return what rows that were sent replaced between the reading and the write."""
    sent = {
        edit.remote_id: edit
        for edit in edits
        if edit.verb == Edit.Verb.UPDATE and edit.may_have_arrived and not edit.theirs
    }
    if not sent:
        return {}
    return batch.writer.fetch_overwritten(
        batch.api,
        batch.context,
        {
            # What was sent by an earlier delivery is not known any more.
            key: {n: edit.values[n] for n in batch.changes.get(key, edit.values)}
            for key, edit in sent.items()
        },
        {key: edit.base for key, edit in sent.items()},
    )


def _store_answer(batch: Batch, answer: WrittenMany) -> None:
    """Store what was answered of each row that was sent, before anything else."""
    with transaction.atomic():
        for key in batch.sent:
            edit = batch.open[key]
            if key in answer.written:
                correlation = batch.api.correlation_id
                written = answer.written[key]
                batch.written[written.remote_id] = written
                lease.note_answer(edit, batch.lease_id, written, correlation)
                continue
            exc = answer.refused.get(key) or Server("the answer does not tell of it")
            if edit.failures and isinstance(exc, Transient):
                # Nothing was told of it before either: alone it is answered for sure.
                batch.leave_alone(edit)
                continue
            is_new = batch.verb is Edit.Verb.CREATE
            if (isinstance(exc, AlreadyExists) and is_new) or isinstance(exc, NotFound):
                # What is there is looked at, or what it became: that is changed then.
                batch.leave_refused_alone(edit)
                continue
            batch.settle(edit, exc, is_sent=True)


def _finish(batch: Batch, there: Mapping[str, IntegrationItem]) -> None:
    """End what was written by what is there now; what is not is looked for later."""
    found = [edit for edit in batch.open.values() if edit.remote_id in there]
    now = {
        key: batch.writer.as_written(batch.context, item, batch.written[key])
        for key, item in there.items()
        if key in batch.written
    }
    _store(batch, found, {**there, **now})
    unread = Server("what was written could not be read")
    for edit in list(batch.open.values()):
        batch.settle(edit, unread, is_sent=False)
