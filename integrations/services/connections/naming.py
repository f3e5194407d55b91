"""Name connections, and the collections of each, so that no two read alike."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple, Self
from uuid import UUID

from integrations.models import Collection, Connection, Item

# So far up is looked for what tells namesakes apart.
MOST_LEVELS: Final = 4


class _Key(NamedTuple):
    """An item as its connection knows it."""

    connection_id: UUID
    remote_id: str


class _Name(NamedTuple):
    """What collections of a connection have in common that are named alike."""

    connection_id: UUID
    folded: str

    @classmethod
    def of(cls, connection_id: UUID, name: str) -> Self:
        """Return what a name is compared by."""
        return cls(connection_id, name.casefold())


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
    """Return each collection's name, longer where its connection has one like it here.

    Added is the nearest of what holds them that tells all of that name apart, as far as
    that is stored, else a number. What is added depends on all namesakes that the
    connection has, whichever are given, so that it is the same on every page. The
    database is asked only where two are alike.
    """
    alike: dict[_Name, list[Collection]] = defaultdict(list)
    names: dict[UUID, str] = {}
    for collection in collections:
        names[collection.pk] = collection.name
        alike[_Name.of(collection.connection_id, collection.name)].append(collection)
    wanted = {name for name, group in alike.items() if len(group) > 1}
    additions = _additions_of(wanted)
    for name in wanted:
        for each in alike[name]:
            key = _Key(each.connection_id, each.remote_id)
            # None is told of one that was renamed or removed meanwhile.
            if key in additions:
                names[each.pk] = f"{each.name} ({additions[key]})"
    return names


def _additions_of(wanted: AbstractSet[_Name]) -> dict[_Key, str]:
    """Return for each collection of some names what is told of it beside."""
    groups = _namesakes(wanted)
    # What is found later comes behind those that have a number.
    numbers = {key: str(n) for group in groups for n, key in enumerate(group, start=1)}
    return numbers | _held_apart(groups)


def _namesakes(wanted: AbstractSet[_Name]) -> list[list[_Key]]:
    """Return all collections of some names, the oldest first, by one query if any."""
    if not wanted:
        return []
    rows = Collection.objects.filter(
        connection__in={each.connection_id for each in wanted}
    )
    groups: dict[_Name, list[_Key]] = defaultdict(list)
    told = rows.order_by("created_at", "pk").values_list(
        "connection_id", "remote_id", "name"
    )
    for connection_id, remote_id, name in told:
        groups[_Name.of(connection_id, name)].append(_Key(connection_id, remote_id))
    return [group for name, group in groups.items() if name in wanted]


def _held_apart(groups: Sequence[Sequence[_Key]]) -> dict[_Key, str]:
    """Return what holds collections of one name, where that tells them apart.

    Those that nothing is known to hold are told apart from the others by that.
    """
    found: dict[_Key, str] = {}
    waiting = [{key: key for key in group} for group in groups]
    for level in range(MOST_LEVELS):
        held = _holders({place for places in waiting for place in places.values()})
        if level == 0:
            waiting = [{key: key for key in group if key in held} for group in groups]
        for places in waiting:
            told = {k: held[place].name for k, place in places.items() if place in held}
            if len({*told.values(), ""}) > len(places):
                found |= {key: f"in {name}" for key, name in told.items()}
        # What nothing holds stays where it is, and is told apart no more.
        waiting = [
            {key: _above(place, held) for key, place in places.items()}
            for places in waiting
            if not places.keys() <= found.keys()
        ]
    return found


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
