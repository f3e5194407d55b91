"""Provider accounts with a grant that must not end, here or on another server."""

from collections.abc import Iterable, Iterator
from typing import Any

from integrations.models import Connection, MovedGrant


def note_moved(connection: Connection) -> None:
    """Note that another server has a grant, before its connection is deleted here."""
    MovedGrant.objects.get_or_create(**_key(connection))


def forget_moved(connection: Connection) -> None:
    """Forget that another server had the grant of an account: this one has it."""
    MovedGrant.objects.filter(**_key(connection)).delete()


def _key(connection: Connection) -> dict[str, Any]:
    return {
        "provider": connection.provider,
        "remote_id": connection.remote_id,
        "is_sandbox": connection.is_sandbox,
    }


def kept_accounts(
    provider: str, *, prefix: str = "", besides: Iterable[Connection] = ()
) -> Iterator[str]:
    """Yield the remote ids of a provider's accounts whose grants are kept."""
    which = {"provider": provider, "remote_id__startswith": prefix}
    living = Connection.objects.with_living_grant().filter(**which)
    others = living.exclude(pk__in=[each.pk for each in besides])
    yield from others.order_by().values_list("remote_id", flat=True)
    yield from MovedGrant.objects.filter(**which).values_list("remote_id", flat=True)
