"""Read which fields a collection has, and say when its items may lag behind them."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from integrations.http.errors import ApiError, Forbidden, may_pass
from integrations.models import Collection
from integrations.models.reasons import Reason, ReasonCode, columns
from integrations.providers.links import TARGET
from integrations.providers.records import (
    ASK_AGAIN_KEY,
    COMPARED_TAG_KEY,
    DEFINITIONS_TAG,
    FIELDS_KEY,
    LAGGING_KEY,
    REFUSED_KEY,
    SCHEMA_TAG,
    TAG_KEY,
    FieldSpec,
    read_fields,
)
from integrations.providers.typed.definitions import redefined
from integrations.services.items.search import reindex
from integrations.services.sync import policy
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh import definitions, extras
from integrations.services.sync.refresh.context import connector_of, context_of

logger = logging.getLogger(__name__)

CHOICES: Final = ("choice", "choices")
# Kinds that a release reads what is stored as, which no provider has changed.
_READ_ANEW: Final = frozenset({("text", "serial")})


def fetch_schema(
    lease: RunLease, collection: Collection, *, waits: bool = True
) -> dict[str, Any]:
    """Return the schema; where it is refused the kept one, or what does without.

    What passes is waited for, because without a schema less is read than there is;
    not so where a kept one does and nothing ``waits`` for another.
    """
    kept = definitions.known_schema(collection)
    try:
        context = context_of(collection)
        return dict(connector_of(collection).fetch_schema(lease.api, context))
    except ApiError as exc:
        scopes = exc.missing_scopes if isinstance(exc, Forbidden) else ()
        is_out_of_reach = not set(scopes).isdisjoint(collection.required_scopes)
        lacks_fields = not kept or extras.FIELDS in extras.refused_in(kept)
        if is_out_of_reach or not extras.may_do_without(
            lease, collection, exc, is_needed=lacks_fields, waits=waits
        ):
            raise
        logger.warning(
            "no schema collection=%s error=%s status=%s correlation_id=%s",
            collection.pk,
            type(exc).__name__,
            exc.status,
            exc.correlation_id,
        )
        missing = extras.FIELDS if lacks_fields else extras.SCHEMA
        return {**kept, REFUSED_KEY: [missing], ASK_AGAIN_KEY: may_pass(exc)}


def refresh_schema(lease: RunLease, collection: Collection, now: datetime) -> bool:
    """Ask for the schema again when it was not told in full, or may have changed.

    What was found meanwhile speaks of another then. Tells whether fields are known
    for the first time.
    """
    if not _may_have_changed(collection, now):
        return False
    before = definitions.known_schema(collection)
    lacked = extras.FIELDS in extras.refused_in(before)
    # What has changed is read meanwhile: to ask again is soon enough.
    schema = fetch_schema(lease, collection, waits=False)
    if (tag := collection.details.get(SCHEMA_TAG)) is not None:
        # What a listing tells late differs once, and is asked about once.
        schema[COMPARED_TAG_KEY] = tag
    if not lacked:
        schema = with_lag(before, schema)
    with transaction.atomic():
        compared = collection.details.get(DEFINITIONS_TAG)
        definitions.set_schema(collection, schema, compared=compared)
        if not collection.pending_reason:
            # Any other note tells of more than that.
            for name, value in columns(lag_of(schema), name="pending_reason").items():
                setattr(collection, name, value)
        collection.save(
            update_fields=[
                *definitions.COLUMNS,
                "pending_reason",
                "pending_reason_data",
            ]
        )
        reindex.note_labels(collection)
    return lacked and extras.FIELDS not in extras.refused_in(schema)


def _may_have_changed(collection: Collection, now: datetime) -> bool:
    """Tell whether to ask; where no listing tells changes by a tag, now and then."""
    if collection.schema.get(ASK_AGAIN_KEY):
        return True
    tag = collection.details.get(SCHEMA_TAG)
    if tag is None:
        return policy.are_late_arrivals_due(collection, now)
    known = (collection.schema.get(TAG_KEY), collection.schema.get(COMPARED_TAG_KEY))
    return tag not in known or definitions.may_have_changed(collection)


def with_lag(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema that names the fields which items may lag behind, if any.

    Until everything has been read, those that changed before are among them.
    """
    changed = changed_fields(before, after) if before.get(FIELDS_KEY) else ()
    lagging = sorted({*before.get(LAGGING_KEY, ()), *changed})
    rest = without_lag(after)
    return {**rest, LAGGING_KEY: lagging} if lagging else rest


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Return the fields of which items that nobody edited may have other values.

    A new name of a field changes none, nor does a new option.
    """
    old = {spec.name: spec for spec in read_fields(before)}
    new = {spec.name: spec for spec in read_fields(after)}
    retyped = {
        name for name in old.keys() & new.keys() if _is_other(old[name], new[name])
    }
    return retyped | (old.keys() ^ new.keys()) | redefined(before, after)


def _is_other(old: FieldSpec, new: FieldSpec) -> bool:
    """Tell whether values differ: of what is hidden some providers give none.

    Schemas that were kept by an earlier version have no hints.
    """
    is_read_anew = (old.kind, new.kind) in _READ_ANEW
    is_retyped = old.kind != new.kind and not is_read_anew
    is_retyped = is_retyped or old.hint not in ("", new.hint)
    is_retargeted = old.options.get(TARGET) != new.options.get(TARGET)
    has_lost = old.kind in CHOICES and not old.options.keys() <= new.options.keys()
    return is_retyped or is_retargeted or has_lost or old.is_hidden != new.is_hidden


def without_lag(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema that every item has been read with."""
    return {key: value for key, value in schema.items() if key != LAGGING_KEY}


def lag_of(schema: Mapping[str, Any]) -> Reason | None:
    """Return the note that items may lag behind changed fields, if they may."""
    return Reason(code=ReasonCode.FIELDS_CHANGED) if schema.get(LAGGING_KEY) else None
