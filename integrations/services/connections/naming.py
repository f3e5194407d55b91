"""Name connections, and the collections of each, so that no two read alike."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from integrations.models import Collection, Connection, Item

# So far up is looked for what tells namesakes apart.
MOST_LEVELS: Final = 4


class _Key(NamedTuple):
    """An item as its connection knows it."""

    connection_id: UUID
    remote_id: str


class _Held(NamedTuple):
    """What an item is in: its id, empty for none, and its name."""

    remote_id: str
    name: str


def unique_titles(connections: Iterable[Connection]) -> dict[UUID, str]:
    """Return each connection's title, longer where others have the same one.

    Added is the first thing that identifies all of these accounts to their user,
    else everything that does; grants of one account end with the provider's own id.
    """
    namesakes: dict[tuple[str, str], list[Connection]] = defaultdict(list)
    for connection in connections:
        namesakes[connection.provider, connection.title.casefold()].append(connection)
    return {
        connection.pk: f"{connection.title}, {addition}"
        if addition
        else connection.title
        for group in namesakes.values()
        for connection, addition in zip(group, _additions(group), strict=True)
    }


def unique_names(connections: Iterable[Connection]) -> dict[UUID, str]:
    """Return each connection's unique title behind its provider's name."""
    connections = list(connections)
    titles = unique_titles(connections)
    return {each.pk: f"{each.provider_name}: {titles[each.pk]}" for each in connections}


def _additions(group: Sequence[Connection]) -> Sequence[str]:
    if len(group) == 1:
        return ("",)
    identities = [connection.account_identity for connection in group]
    columns = list(zip(*identities, strict=False))
    columns += [tuple(", ".join(identity) for identity in identities)]
    own_ids = tuple(connection.remote_id for connection in group)
    different = (column for column in columns if len({*column, ""}) > len(group))
    return next(different, own_ids)


def collection_names(collections: Iterable[Collection]) -> dict[UUID, str]:
    """Return each collection's name, longer where its connection has one like it.

    Added is the nearest of what holds them that tells all of them apart, as far as that
    is stored, else a number. The database is asked only where two are alike.
    """
    alike: dict[tuple[UUID, str], list[Collection]] = defaultdict(list)
    names: dict[UUID, str] = {}
    for collection in collections:
        names[collection.pk] = collection.name
        alike[collection.connection_id, collection.name.casefold()].append(collection)
    groups = [
        # Whatever order a page has them in, each has the same number.
        sorted(group, key=lambda each: each.pk)
        for group in alike.values()
        if len(group) > 1
    ]
    for group, additions in zip(groups, _held_apart(groups), strict=True):
        for collection, addition in zip(group, additions, strict=True):
            names[collection.pk] = f"{collection.name} ({addition})"
    return names


def _held_apart(groups: Sequence[Sequence[Collection]]) -> list[Sequence[str]]:
    """Return for each group what its collections are told apart by."""
    at = [[_Key(c.connection_id, c.remote_id) for c in group] for group in groups]
    found: dict[int, Sequence[str]] = {}
    for _ in range(MOST_LEVELS):
        waiting = {key for n, keys in enumerate(at) if n not in found for key in keys}
        held = _holders(waiting)
        for number, keys in enumerate(at):
            told = [held[key].name for key in keys if key in held]
            if number not in found and len({*told, ""}) > len(keys):
                found[number] = [f"in {name}" for name in told]
            # What nothing holds stays where it is, and is told apart no more.
            at[number] = [_above(key, held) for key in keys]
        if not held:
            break
    return [
        found.get(number) or [str(place) for place in range(1, len(group) + 1)]
        for number, group in enumerate(groups)
    ]


def _above(key: _Key, held: Mapping[_Key, _Held]) -> _Key:
    above = held[key].remote_id if key in held else ""
    return _Key(key.connection_id, above)


def _holders(keys: Iterable[_Key]) -> dict[_Key, _Held]:
    """Return what holds some items, by one query where there are any."""
    wanted = {key for key in keys if key.remote_id}
    if not wanted:
        return {}
    rows = Item.objects.live().filter(
        connection__in={key.connection_id for key in wanted},
        remote_id__in={key.remote_id for key in wanted},
    )
    told = rows.order_by("pk").values_list(
        "connection_id", "remote_id", "parent_remote_id", "parent_name"
    )
    return {
        _Key(connection_id, remote_id): _Held(parent_id or "", name)
        for connection_id, remote_id, parent_id, name in told
        if _Key(connection_id, remote_id) in wanted
    }
