"""Texts that a user noted beside records, in own columns, as searches find them."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db import connection as database

from integrations.models import Collection, OwnColumn, OwnValue
from integrations.models.remote_key import remote_key
from integrations.providers.records import DisplayField
from integrations.services.items.own_columns import typed
from integrations.services.items.search.texts import SearchText, texts_of

# A box has no words of its own.
WITHOUT_WORDS = (OwnColumn.Kind.CHECK,)
# Texts by the remote ids of the records that they are noted beside.
Noted = Mapping[str, Sequence[SearchText]]


def find_texts(
    collections: Iterable[Collection], remote_ids: Sequence[str]
) -> Mapping[Collection, Noted]:
    """Return what is noted beside some records of one user's collections.

    By one query, and another one where the user has columns beside any of these.
    """
    by_key = {tuple(remote_key(each).values()): each for each in collections}
    owners = {each.connection.owner_id for each in by_key.values()}
    if not remote_ids or not owners:
        return {}
    own = OwnColumn.objects.filter(owner__in=owners).exclude(kind__in=WITHOUT_WORDS)
    columns = {
        column.pk: (column, collection)
        for column in own
        if (collection := by_key.get(_key_of(column))) is not None
        and collection.connection.owner_id == column.owner_id
    }
    return _read(columns, remote_ids) if columns else {}


def _has_columns(owner_id: int) -> bool:
    """Tell whether a user has any column of their own.

    Plain SQL, because every page of a sync asks, and hardly any user has one.
    """
    statement = "SELECT 1 FROM integrations_owncolumn WHERE owner_id = %s LIMIT 1"
    with database.cursor() as cursor:
        cursor.execute(statement, [owner_id])
        return cursor.fetchone() is not None


def _key_of(column: OwnColumn) -> tuple[object, ...]:
    """Return the key of a column's collection, as ``remote_key`` gives it."""
    account = (column.provider, column.account_id, column.is_sandbox)
    return (*account, column.collection_id)


def _read(
    columns: Mapping[UUID, tuple[OwnColumn, Collection]], remote_ids: Sequence[str]
) -> Mapping[Collection, Noted]:
    found: dict[Collection, dict[str, list[SearchText]]] = {}
    rows = OwnValue.objects.filter(column__in=list(columns))
    values = rows.filter(remote_id__in=remote_ids)
    # Sorted here: to have them in order SQLite may read all that there are.
    for row in sorted(values, key=lambda each: each.pk):
        column, collection = columns[row.column_id]
        # The id of a person is no word.
        value = typed.to_value(column, row.value, {})
        if value is not None:
            field = DisplayField(name=column.column_id, label=column.name, value=value)
            texts = found.setdefault(collection, {}).setdefault(row.remote_id, [])
            texts += texts_of([field])
    return found


def find_words(
    collection: Collection, remote_ids: Sequence[str]
) -> Mapping[str, Sequence[str]]:
    """Return the words noted beside some records of a collection, by remote id."""
    if not remote_ids or not _has_columns(collection.connection.owner_id):
        return {}
    noted = find_texts([collection], remote_ids).get(collection, {})
    return {
        remote_id: [word for text in texts for word in text.words]
        for remote_id, texts in noted.items()
    }
