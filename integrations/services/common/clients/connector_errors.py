"""The boundary around connectors: what they did not mean to raise ends here."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError

from integrations.http.errors import ApiError
from integrations.oauth.errors import OAuthError
from integrations.providers.mistakes import Mistake
from integrations.services.common.errors import ConnectorError, ServiceError

logger = logging.getLogger(__name__)

# These say what happened: to a call, to the lease or the grant, to our database, or
# that the task has no more time.
EXPECTED = (
    ApiError,
    OAuthError,
    ServiceError,
    InterfaceError,
    OperationalError,
    MemoryError,
    SoftTimeLimitExceeded,
)


@contextmanager
def connector_boundary(task: str, **facts: object) -> Iterator[None]:
    """Turn an unexpected exception into a ConnectorError, logged under a reference.

    The log holds its type and place, and never its text: that may hold a value.
    """
    try:
        yield
    except EXPECTED:
        raise
    except Exception as exc:
        reference, origin = secrets.token_hex(4), str(Mistake.of(exc))
        logger.error(  # noqa: TRY400 (a traceback ends with the text)
            "connector error reference=%s task=%s error=%s %s",
            reference,
            task,
            origin,
            " ".join(f"{name}={value}" for name, value in facts.items()),
        )
        raise ConnectorError(reference=reference, origin=origin) from exc
