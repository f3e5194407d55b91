"""Name connections so that no two of one user read alike."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from integrations.models import Connection


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
