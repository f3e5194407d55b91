"""Ask for the provider's own count, which is a cross-check and never a proof."""

import logging

from msgspec import Struct

from integrations.http.errors import ApiError, is_refusal
from integrations.models import Collection
from integrations.models.reasons import Reason, ReasonCode
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh import extras
from integrations.services.sync.refresh.context import connector_of, context_of

logger = logging.getLogger(__name__)


class RemoteCount(Struct, frozen=True, kw_only=True):
    """The count, None where there is none, and the mistake that prevented it."""

    number: int | None = None
    mistake: Reason | None = None
    is_asked: bool = True
    is_refused: bool = False

    @property
    def asked(self) -> tuple[str, ...]:
        """Return the name of the count among the optional parts, if asked for."""
        return (extras.COUNT,) if self.is_asked else ()

    @property
    def refused(self) -> tuple[str, ...]:
        """Return the same where the provider refused it."""
        return (extras.COUNT,) if self.is_refused else ()


def fetch_count(lease: RunLease, collection: Collection) -> RemoteCount:
    """Return the provider's count; whatever was read is as good without one."""
    context = context_of(collection)
    try:
        with connector_boundary("fetch_count", collection=collection.pk):
            number = connector_of(collection).fetch_count(lease.api, context)
    except ConnectorError as exc:
        return RemoteCount(
            mistake=Reason.of(
                ReasonCode.CONNECTOR_ERROR,
                task="count",
                reference=exc.reference,
                origin=exc.origin,
            )
        )
    except ApiError as exc:
        logger.info("no remote count collection=%s", collection.pk)
        return RemoteCount(is_refused=is_refusal(exc))
    return RemoteCount(number=number)
