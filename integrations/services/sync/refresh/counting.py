"""Ask for the provider's own count, which is a cross-check and never a proof."""

import logging
from dataclasses import dataclass

from integrations.http.errors import ApiError
from integrations.models import Collection
from integrations.models.reasons import Reason, ReasonCode
from integrations.services.common.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError
from integrations.services.sync.lease import RunLease
from integrations.services.sync.refresh.context import connector_of, context_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RemoteCount:
    """The count, None where there is none, and the mistake that prevented it."""

    number: int | None = None
    mistake: Reason | None = None


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
    except ApiError:
        logger.info("no remote count collection=%s", collection.pk)
        return RemoteCount()
    return RemoteCount(number=number)
