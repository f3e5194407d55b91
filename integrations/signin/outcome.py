"""What a completed authorization changed, as messages to the user who asked for it."""

from collections.abc import Iterator, Sequence
from typing import Any

from integrations.models import Connection
from integrations.providers import SPECS
from integrations.providers.spec import Scope
from integrations.services.connections.connect import Connected
from integrations.signin import user_messages
from integrations.signin.user_messages import UserMessage

Told = tuple[UserMessage, dict[str, Any]]


def messages_of(connected: Connected, wanted: Connection | None) -> Iterator[Told]:
    """Yield messages with their facts; ``wanted`` is what was to be authorized."""
    connection = connected.connection
    if connected.is_older:
        yield user_messages.OLDER, {}
        return
    if wanted is not None and wanted.pk != connection.pk:
        yield user_messages.OTHER_ACCOUNT, {"chosen": connection, "wanted": wanted}
    elif connected.is_new:
        yield user_messages.CONNECTED, {}
    elif not connected.was_readable:
        yield user_messages.RECONNECTED, {}
    # Who connects without naming an account is asked for no permission to write.
    is_asked = wanted is not None and wanted.is_editing
    yield from _permissions(connected, is_asked=is_asked)
    if not connected.delivered:
        yield user_messages.QUEUE_AWAY, {}


def _permissions(connected: Connected, *, is_asked: bool) -> Iterator[Told]:
    """Yield what the provider permits since, and what it was asked for and refused.

    Permission to write ``is_asked`` for or not.
    """
    missing = connected.connection.missing_scopes
    known = [] if connected.is_new else SPECS[connected.connection.provider].scopes
    gained = [scope for scope in known if scope.name in connected.gained]
    to_edit = [s for s in gained if s.writes and connected.connection.is_editing]
    lost = [s for s in known if s.name in connected.lost and s not in missing]
    if connected.was_readable and not (gained or lost or missing):
        yield user_messages.SAME_AGAIN, {}
    yield from _named(user_messages.GAINED, [s for s in gained if s not in to_edit])
    yield from _named(user_messages.EDITING_GRANTED, to_edit)
    yield from _named(user_messages.LOST, lost)
    reads = [scope for scope in missing if not scope.writes]
    yield from _named(user_messages.LEFT_OUT, reads)
    refused, not_asked = user_messages.EDITING_REFUSED, user_messages.EDITING_NOT_ASKED
    writes = [scope for scope in missing if scope.writes]
    yield from _named(refused if is_asked else not_asked, writes)


def _named(message: UserMessage, scopes: Sequence[Scope]) -> Iterator[Told]:
    if scopes:
        words = [f"“{scope.description}”" for scope in scopes]
        yield message, {"what": ", ".join(words)}
