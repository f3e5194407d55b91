"""Turn stored sentences into codes, and checkpoints into ones that name their kind.

Backwards, the codes become sentences again where one stands for them; a refresh that
is under way goes on in both directions. What no code stands for keeps its sentence
among its data.
"""

import re
from collections.abc import Callable
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

Json = dict[str, Any]

DELETIONS = {
    "archived": "archived",
    "in the trash": "trashed",
    "moved to another collection": "moved",
    "no longer shared": "unshared",
    "no longer shared with this connection": "unshared",
    "no longer there": "deleted",
    "deleted or merged there": "deleted_or_merged",
    "gone or no longer shared": "deleted_or_unshared",
    "not selected": "deselected",
}
REASONS = {
    "Notion's search does not list everything": "not_exhaustive",
    "deletions were discarded by a user": "deletions_discarded",
    "deletions were discarded by a person": "deletions_discarded",
    "deletions were held; everything is being read again": "hold_superseded",
    "waiting for the provider's rate limit": "rate_limited",
    "it ended its worker three times": "lease_lost",
    "the provider refused the token": "token_refused",
    "cancelled": "cancelled",
    "the connection has changed": "connection_changed",
    "the choice of collections has changed": "selection_changed",
    "the connection was renewed": "reconnected",
    "the connection was disconnected": "disconnected",
    "the connection was paused": "paused",
}
COUNTED = (
    (r"more than ([\d,]+) rows were created in the same minute", "capped", "number"),
    (r"([\d,]+) bases could not be listed", "parts_not_listed", "number"),
    (r"([\d,]+) items could not be read", "unreadable_items", "count"),
    (r"([\d,]+) deletions wait for approval", "deletions_held", "count"),
    (r"pages inside the rows .* ([\d,]+) rows at a time", "takes_turns", "number"),
)
SHORT = r"the listing ended after (\d+) of (\d+) items"
FAILED = "reading everything failed: "
PHASES = {
    "full": "listing",
    "changes": "changes",
    "gone": "deletions",
    "sweep": "ending",
}
# What a checkpoint's keys were called before and are called now.
SHARED = {
    "began": "began",
    "cursor": "cursor",
    "cycle": "cycle",
    "unreadable": "unreadable",
    "gone_beyond": "has_more_noted",
}
OF_FULL = {
    "seen": "listed",
    "nameless": "nameless",
    "unseen": "unseen",
    "deleted": "deleted",
}
OF_INCREMENTAL = {"since": "since", "settles": "reads_late_arrivals", "delta": "delta"}
CHUNK = 500


def to_deletion(text: str) -> tuple[str, str]:
    """Return the kind and the detail for a sentence."""
    if text.startswith("merged:"):
        return "merged", text.removeprefix("merged:")
    kind = DELETIONS.get(text)
    return (kind, "") if kind else ("unknown", text)


def to_reason(text: str) -> tuple[str, Json]:
    """Return the code and the data for a sentence."""
    if not text or text in REASONS:
        return REASONS.get(text, ""), {}
    for pattern, code, name in COUNTED:
        if found := re.fullmatch(pattern, text):
            return code, {name: int(found[1].replace(",", ""))}
    if found := re.fullmatch(SHORT, text):
        return "short_listing", {"listed": int(found[1]), "total": int(found[2])}
    if text in DELETIONS:
        return "collection_deleted", {"kind": DELETIONS[text]}
    return _to_worded_reason(text)


def _to_worded_reason(text: str) -> tuple[str, Json]:
    """Return the code for a sentence of which only the beginning is known."""
    if text.startswith(FAILED):
        code, data = to_reason(text.removeprefix(FAILED))
        return "full_refresh_failed", {"because": {"code": code, "data": data}}
    if text.startswith("needs "):
        return "no_permission", {"scopes": text.removeprefix("needs ").split(", ")}
    if text.startswith("no usable permission"):
        return "no_token", {"state": text.partition(": ")[2]}
    if "API quota" in text:
        return "quota_exhausted", {"message": text}
    return "unknown", {"message": text}


def joined(kind: str, detail: str) -> str:
    """Write a deletion as the text that checkpoints hold."""
    return f"{kind}:{detail}" if detail else kind


def to_checkpoint(old: Json) -> Json:
    """Return the checkpoint of today for one that told its kind by its keys.

    What is of neither kind, or was already over, is begun again.
    """
    if not old or "kind" in old:
        return old
    is_incremental = "since" in old
    if not is_incremental and "seen" not in old:
        return {}
    names = {**SHARED, **(OF_INCREMENTAL if is_incremental else OF_FULL)}
    new = {now: old[before] for before, now in names.items() if old.get(before)}
    if not is_incremental and old.get("unseen") == 0:
        new["unseen"] = 0
    new["kind"] = "incremental" if is_incremental else "full_refresh"
    # An incremental sync without a phase had read its last page.
    new["phase"] = PHASES.get(str(old.get("phase", "")), "ending")
    if gone := old.get("gone"):
        new["noted"] = {key: joined(*to_deletion(text)) for key, text in gone.items()}
    for before, now in (("incomplete_reason", "incomplete"), ("note", "pending")):
        code, data = to_reason(str(old.get(before, "")))
        if code and not is_incremental:
            new[now] = _with_kind(now, code, data)
    if is_incremental and (waiting := to_checkpoint(old.get("left") or {})):
        waiting.pop("kind")
        new["waiting"] = waiting
    return new


def _with_kind(name: str, code: str, data: Json) -> Json:
    known = {
        "incomplete": ("capped", "not_exhaustive", "parts_not_listed"),
        "pending": ("takes_turns",),
    }[name]
    # A listing that said in unknown words that it is incomplete still is.
    kind = code if code in known else known[-1]
    number = data.get("number")
    return {"kind": kind, "number": number} if number else {"kind": kind}


def from_checkpoint(new: Json) -> Json:
    """Return the checkpoint that an earlier version can go on with."""
    if "kind" not in new:
        return new
    is_incremental = new["kind"] == "incremental"
    if new.get("phase") == "ending" and is_incremental:
        # It begins again at its watermark, behind what waits for it.
        return (
            from_checkpoint({"kind": "full_refresh", **new["waiting"]})
            if new.get("waiting")
            else {}
        )
    names = {**SHARED, **(OF_INCREMENTAL if is_incremental else OF_FULL)}
    old = {before: new[now] for before, now in names.items() if now in new}
    first = "changes" if is_incremental else "listing"
    phases = {now: before for before, now in PHASES.items()}
    old["phase"] = phases[new.get("phase", first)]
    if "cycle" in old:
        old["cycle"] = {"mark": "", "steps": 0, "length": 1, **old["cycle"]}
    old["gone"] = {key: _sentence(text) for key, text in new.get("noted", {}).items()}
    if not is_incremental:
        old.setdefault("seen", 0)
        if incomplete := new.get("incomplete"):
            is_capped = incomplete["kind"] == "capped"
            old["incomplete_reason"] = (
                "more than 10,000 rows were created in the same minute"
                if is_capped
                else "the listing is incomplete"
            )
    elif waiting := new.get("waiting"):
        old["left"] = from_checkpoint({"kind": "full_refresh", **waiting})
    return old


def _sentence(deletion: str) -> str:
    kind, _, detail = deletion.partition(":")
    if kind == "merged":
        return deletion
    return {now: before for before, now in DELETIONS.items()}.get(kind, detail or kind)


def to_entry(old: Json) -> Json:
    """Return what a run notes of one collection today."""
    plain = ("name", "state", "seen", "created", "changed", "deleted", "unreadable")
    kept = (
        *plain,
        "total",
        "tries",
        "restarts",
        "retry_at",
        "status",
        "correlation_id",
    )
    new = {name: old[name] for name in kept if old.get(name)}
    new["name"] = str(old.get("name", ""))
    if phase := PHASES.get(str(old.get("phase", ""))):
        new["phase"] = phase
    for name in ("reason", "failure"):
        told = old.get(name)
        if isinstance(told, dict):
            new[name] = told
        elif told:
            code, data = to_reason(str(told))
            new[name] = {"code": code, "data": data} if data else {"code": code}
    return new


def from_entry(new: Json) -> Json:
    """Return an entry that an earlier version can read; its reasons are codes."""
    old = {**new}
    for name in ("reason", "failure"):
        if isinstance(new.get(name), dict):
            old[name] = _text_of(new[name].get("code", ""), new[name].get("data") or {})
    phases = {now: before for before, now in PHASES.items()}
    old["phase"] = phases.get(str(new.get("phase", "")), "")
    return old


def _text_of(code: str, data: Json) -> str:
    if message := str(data.get("message", "")):
        return message
    texts = {now: before for before, now in REASONS.items()}
    return texts.get(code, code.replace("_", " "))


def _each(rows: Any, change: Callable[[Any], None], columns: list[str]) -> None:
    """Change rows in place, a chunk at a time in the order of their keys."""
    last: dict[str, Any] = {}
    while chunk := list(rows.filter(**last).order_by("pk")[:CHUNK]):
        for row in chunk:
            change(row)
        rows.model.objects.bulk_update(chunk, columns, batch_size=100)
        last = {"pk__gt": chunk[-1].pk}


def _change_collection(row: Any) -> None:
    row.checkpoint = to_checkpoint(row.checkpoint)
    row.reason, row.reason_data = to_reason(row.reason)
    row.pending_reason, row.pending_reason_data = to_reason(row.pending_reason)
    if "deleted_reason" in row.details:
        kind, _ = to_deletion(str(row.details.pop("deleted_reason")))
        row.details["deleted_kind"] = "deleted" if kind == "unknown" else kind
    if "reasons" in row.held_deletions:
        reasons = row.held_deletions.pop("reasons")
        row.held_deletions["deletions"] = {
            key: joined(*to_deletion(text)) for key, text in reasons.items()
        }


def _change_run(row: Any) -> None:
    row.progress = {key: to_entry(entry) for key, entry in row.progress.items()}
    is_told_by_entries = row.outcome in ("complete", "partial") and row.reason
    code = ("collections", {}) if is_told_by_entries else to_reason(row.reason)
    row.reason, row.reason_data = code


def _change_content(row: Any) -> None:
    row.reason, row.reason_data = to_reason(row.reason)


def _change_deletions(apps: StateApps) -> None:
    """Set the kinds, with one statement for each sentence there is."""
    items = apps.get_model("integrations", "Item").objects
    deleted = items.filter(deleted_at__isnull=False, deleted_kind__isnull=True)
    merged = deleted.filter(deleted_detail__startswith="merged:")
    while chunk := list(merged.values_list("pk", "deleted_detail")[:CHUNK]):
        for pk, text in chunk:
            kind, detail = to_deletion(text)
            items.filter(pk=pk).update(deleted_kind=kind, deleted_detail=detail)
    for text in list(deleted.values_list("deleted_detail", flat=True).distinct()):
        kind, detail = to_deletion(text)
        rows = deleted.filter(deleted_detail=text)
        rows.update(deleted_kind=kind, deleted_detail=detail)


def _change_history(row: Any) -> None:
    if "reason" in row.fields:
        row.fields = {"deletion": joined(*to_deletion(str(row.fields["reason"])))}


def to_codes(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Turn every sentence into its code."""

    def rows(model: str) -> Any:
        return apps.get_model("integrations", model).objects.all()

    columns = ["reason", "reason_data"]
    of_collection = [*columns, "pending_reason", "pending_reason_data", "checkpoint"]
    of_collection += ["details", "held_deletions"]
    _each(rows("Collection"), _change_collection, of_collection)
    _each(rows("SyncRun"), _change_run, [*columns, "progress"])
    _each(rows("ItemContent").exclude(reason=""), _change_content, columns)
    _each(rows("ItemChange").filter(kind="deleted"), _change_history, ["fields"])
    _change_deletions(apps)


def _restore_collection(row: Any) -> None:
    row.checkpoint = from_checkpoint(row.checkpoint)
    row.reason = _text_of(row.reason, row.reason_data)
    row.pending_reason = _text_of(row.pending_reason, row.pending_reason_data)
    row.reason_data = row.pending_reason_data = {}
    if "deleted_kind" in row.details:
        kind = str(row.details.pop("deleted_kind"))
        row.details["deleted_reason"] = _sentence(kind)
    if "deletions" in row.held_deletions:
        noted = row.held_deletions.pop("deletions")
        row.held_deletions["reasons"] = {k: _sentence(v) for k, v in noted.items()}


def _restore_run(row: Any) -> None:
    row.progress = {key: from_entry(entry) for key, entry in row.progress.items()}
    row.reason, row.reason_data = _text_of(row.reason, row.reason_data), {}


def _restore_content(row: Any) -> None:
    row.reason, row.reason_data = _text_of(row.reason, row.reason_data)[:200], {}


def _restore_history(row: Any) -> None:
    if "deletion" in row.fields:
        row.fields = {"reason": _sentence(str(row.fields["deletion"]))}


def to_sentences(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Turn every code into a sentence."""

    def rows(model: str) -> Any:
        return apps.get_model("integrations", model).objects.all()

    columns = ["reason", "reason_data"]
    of_collection = [*columns, "pending_reason", "pending_reason_data", "checkpoint"]
    of_collection += ["details", "held_deletions"]
    _each(rows("Collection"), _restore_collection, of_collection)
    _each(rows("SyncRun"), _restore_run, [*columns, "progress"])
    _each(rows("ItemContent").exclude(reason=""), _restore_content, columns)
    _each(rows("ItemChange").filter(kind="deleted"), _restore_history, ["fields"])
    deleted = rows("Item").filter(deleted_kind__isnull=False)
    for kind, detail in list(
        deleted.values_list("deleted_kind", "deleted_detail").distinct()
    ):
        deleted.filter(deleted_kind=kind, deleted_detail=detail).update(
            deleted_detail=_sentence(joined(kind, detail)), deleted_kind=None
        )


class Migration(migrations.Migration):
    """Turn sentences into codes."""

    dependencies = (("integrations", "0009_codes"),)
    operations = (migrations.RunPython(to_codes, to_sentences),)
