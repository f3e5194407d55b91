"""Troubles of a connection that its user is told of, by the findings of its status."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from integrations.models import Collection, Connection, NoticeKind
from integrations.models.collection import Completeness
from integrations.models.condition import Condition
from integrations.models.messages.wording import count_text, notice_text, notice_title
from integrations.models.reasons import StateReason
from integrations.providers.typed.values import cut
from integrations.services.connections.facts import Facts
from integrations.services.connections.findings import findings

# While one of these holds, nobody waits for newer data.
AT_REST = {
    Condition.PAUSED,
    Condition.DISCONNECTED,
    Condition.KEPT,
    Condition.DELETING,
    Condition.ERASING,
}


class Trouble(Struct, frozen=True, kw_only=True):
    """One trouble of one subject: a connection, or a collection of it."""

    kind: NoticeKind
    subject: str
    title: str
    text: str


def troubles_of(facts: Facts, *, is_near_quota: bool) -> list[Trouble]:
    """Return what the owner of a connection has to be told of it now."""
    holding = {condition: why for condition, _, why in findings(facts)}
    connection = facts.connection
    if AT_REST & set(holding):
        return []
    if needs_user(facts):
        # Whatever else is lacking follows from it, or ends with it.
        why = holding.get(Condition.NEEDS_RECONNECT, connection.reason_text)
        return [_of(connection, NoticeKind.NEEDS_RECONNECT, why)]
    return list(_of_data(facts, holding, is_near_quota=is_near_quota))


def needs_user(facts: Facts) -> bool:
    """Tell whether it is stored that a connection waits for a new permission.

    Pages say it of a key as well that their process lacks, which another one may have;
    a key that the whole site has lost is nothing that its users can mend.
    """
    connection = facts.connection
    is_lost = connection.state == Connection.State.NEEDS_RECONNECT
    return is_lost and connection.reason != StateReason.SITE_KEY_WRONG


def is_at_rest(facts: Facts) -> bool:
    """Tell whether a connection was stopped by somebody, who knows that."""
    return bool(AT_REST & {condition for condition, _, _ in findings(facts)})


def _of_data(
    facts: Facts, holding: dict[Condition, str], *, is_near_quota: bool
) -> Iterator[Trouble]:
    connection = facts.connection
    if Condition.PROVIDER_PAUSED in holding:
        yield _of(connection, NoticeKind.PROVIDER_PAUSED)
    if Condition.STALE in holding:
        yield _of(connection, NoticeKind.STALE)
    if is_near_quota:
        yield _of(connection, NoticeKind.QUOTA)
    yield from _of_collections(connection, facts.selected)


def _of_collections(
    connection: Connection, collections: Iterable[Collection]
) -> Iterator[Trouble]:
    for each in collections:
        if each.completeness == Completeness.HELD:
            number = int(each.reason_data.get("count") or 0)
            why = count_text(number, "deletion") if number else "Deletions"
            yield _of(connection, NoticeKind.HELD, why, collection=each)
        is_lost = each.before_refusal is not None
        if each.completeness == Completeness.NO_PERMISSION and is_lost:
            yield _of(connection, NoticeKind.NO_PERMISSION, collection=each)


def _of(
    connection: Connection,
    kind: NoticeKind,
    why: str = "",
    *,
    collection: Collection | None = None,
) -> Trouble:
    name = collection.name if collection else ""
    words = {"provider": connection.provider_name, "name": name, "why": why}
    row = collection or connection
    return Trouble(
        kind=kind,
        subject=f"{type(row).__name__.lower()}:{row.pk}",
        title=cut(notice_title(kind, account=connection.full_title, **words), 300),
        text=cut(notice_text(kind, **words), 1000),
    )
