"""Own columns themselves: made, renamed, deleted, and what becomes of their values."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Case, QuerySet, Value, When

from integrations.models import (
    Collection,
    Connection,
    OwnColumn,
    OwnValue,
    PropertyIndex,
    PropertyValue,
    TableLayout,
)
from integrations.models.items.own_column import OwnColumnQuerySet
from integrations.models.messages.wording import count_text
from integrations.models.remote_key import remote_key
from integrations.services.common.errors import ProofMissingError
from integrations.services.common.proof import RecentProof
from integrations.services.items.search import reindex
from integrations.services.items.tables.columns.layouts import NORMAL
from integrations.services.items.tables.columns.values import fold
from integrations.services.items.tables.indexing import rows

MOST_COLUMNS: Final = 30
MOST_OPTIONS: Final = 100
MOST_OPTION: Final = 80
CHOICE_CODES: Final = frozenset(
    {"choice_used", "choice_too_long", "choice_twice", "too_many_choices"}
)
TOO_MANY = (
    f"{count_text(MOST_COLUMNS, 'column')} of your own is the limit. Delete one first."
)
NAME_TAKEN = "You have a column by that name here already."
OPTION_TWICE = "“{}” is there twice."
OPTION_LONG = f"A choice can have {MOST_OPTION} characters."
OPTIONS_MANY = f"There can be {MOST_OPTIONS} choices."
OPTION_USED = "“{}” is the value of {:,} records. Change them first, or rename it."


def create(
    user: User, collection: Collection, *, name: str, kind: str, options: Sequence[str]
) -> OwnColumn:
    """Store a new column beside a collection; refuses with a reason."""
    number = OwnColumn.objects.of_collection(collection).count()
    if number >= MOST_COLUMNS:
        raise ValidationError(TOO_MANY, code="too_many_columns")
    column = OwnColumn(
        owner=user,
        name=name,
        kind=kind,
        options=_checked(options) if kind == OwnColumn.Kind.CHOICE else [],
        **remote_key(collection),
    )
    with transaction.atomic():
        _save(column)
        if not number:
            reindex.note_columns(collection, has_own=True)
        _show(user, collection, column)
    return column


def _save(column: OwnColumn) -> None:
    try:
        with transaction.atomic():
            column.save()
    except IntegrityError as exc:
        raise ValidationError(NAME_TAKEN, code="name_taken") from exc


def _show(user: User, collection: Collection, column: OwnColumn) -> None:
    """Put a new column at the end of the columns that its user has chosen."""
    layout = TableLayout.objects.filter(user=user, collection=collection).first()
    if layout is not None:
        layout.columns = [*layout.columns, {"id": column.column_id, "width": NORMAL}]
        layout.save(update_fields=["columns"])


def change(
    column: OwnColumn, *, name: str, options: Mapping[str, str], added: Sequence[str]
) -> None:
    """Rename a column; its choices are ``options`` in their order, by their old names.

    A choice that got an empty name goes, unless a record has it.
    """
    if column.kind != OwnColumn.Kind.CHOICE:
        options, added = {}, []
    renamed = {old: new for old, new in options.items() if new and old != new}
    gone = [old for old in column.options if not options.get(old)]
    with transaction.atomic():
        held = _lock(column)
        for old in gone:
            number = column.values.filter(value=old).count()
            if number:
                raise ValidationError(
                    OPTION_USED.format(old, number), code="choice_used"
                )
        kept = [new for new in options.values() if new]
        column.name, column.options = name, _checked([*kept, *added])
        _save(column)
        _rename(column, renamed)
        found = column.values.filter(value__in=renamed.values())
        _index_again(held, _ids_of(found))


def _rename(column: OwnColumn, renamed: Mapping[str, str]) -> None:
    """Write choices anew wherever they are values, all at once: two can be swapped."""
    if not renamed:
        return
    new = Case(*(When(value=o, then=Value(n)) for o, n in renamed.items()))
    column.values.filter(value__in=renamed).update(value=new)
    folded = {fold(old): fold(name) for old, name in renamed.items()}
    text = Case(*(When(text=o, then=Value(n)) for o, n in folded.items()))
    PropertyValue.objects.filter(index__name=column.column_id, text__in=folded).update(
        text=text
    )


def _checked(options: Sequence[str]) -> list[str]:
    seen: set[str] = set()
    for each in options:
        if len(each) > MOST_OPTION:
            raise ValidationError(OPTION_LONG, code="choice_too_long")
        if fold(each) in seen:
            raise ValidationError(OPTION_TWICE.format(each), code="choice_twice")
        seen.add(fold(each))
    if len(seen) > MOST_OPTIONS:
        raise ValidationError(OPTIONS_MANY, code="too_many_choices")
    return list(options)


def delete(column: OwnColumn, *, proof: RecentProof | None = None) -> None:
    """Delete a column with its values; its index goes a little at a time.

    Raises ProofMissingError where there are values, without a ``proof`` of who asks.
    """
    with transaction.atomic():
        held = _lock(column)
        if proof is None and column.values.exists():
            raise ProofMissingError
        PropertyIndex.objects.filter(name=column.column_id).update(
            state=PropertyIndex.State.DROPPING
        )
        for layout in TableLayout.objects.filter(user=column.owner_id):
            left = [c for c in layout.columns if c.get("id") != column.column_id]
            if len(left) < len(layout.columns):
                layout.columns = left
                layout.save(update_fields=["columns"])
        values = OwnValue.objects.filter(column=column)
        noted = _ids_of(values)
        values.delete()
        _index_again(held, noted)
        column.delete()
        for collection in held:
            if not OwnColumn.objects.of_collection(collection).exists():
                reindex.note_columns(collection, has_own=False)


def _ids_of(values: QuerySet[OwnValue]) -> list[str]:
    """Return the records that values are of, or as many as are no few any more."""
    ids = values.order_by("pk").values_list("remote_id", flat=True)
    return list(ids[: reindex.BATCH + 1])


def collections_beside(column: OwnColumn) -> QuerySet[Collection]:
    """Return the collections that a column stands beside, with their connections."""
    return Collection.objects.select_related("connection").filter(
        connection__owner=column.owner_id,
        connection__provider=column.provider,
        connection__remote_id=column.account_id,
        connection__is_sandbox=column.is_sandbox,
        remote_id=column.collection_id,
    )


def _lock(column: OwnColumn) -> list[Collection]:
    """Return the collections that a column stands beside, locked as a sync locks them.

    Whoever writes values of their items takes these before any other lock.
    """
    held = list(collections_beside(column).order_by("pk"))
    for collection in held:
        rows.lock_rows(collection)
    return held


def _index_again(held: Iterable[Collection], remote_ids: Sequence[str]) -> None:
    """Index the records again that are found by other words from now on."""
    for collection in held if remote_ids else ():
        reindex.index_noted(collection, remote_ids)


def of_account(connection: Connection) -> OwnColumnQuerySet:
    """Return the user's own columns beside all collections of an account."""
    return OwnColumn.objects.filter(
        owner=connection.owner_id,
        provider=connection.provider,
        account_id=connection.remote_id,
        is_sandbox=connection.is_sandbox,
    )


def count_values(connection: Connection) -> int:
    """Return how many values the user noted beside the records of an account."""
    return OwnValue.objects.filter(column__in=of_account(connection)).count()


def forget_account(connection: Connection, *, proof: RecentProof) -> None:
    """Delete the user's own columns of an account with all that is in them."""
    for column in of_account(connection):
        delete(column, proof=proof)
