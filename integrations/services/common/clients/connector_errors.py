"""The boundary around connectors: what they did not mean to raise ends here."""

import logging
import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager

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


def connector_boundary(task: str, **facts: object) -> AbstractContextManager[None]:
    """Turn an unexpected exception into a ConnectorError, logged under a reference.

    The log holds its type and place, and never its text: that may hold a value.
    """
    return _Boundary(task, facts)


class _Boundary:
    """A class, because each row enters one, and a generator costs three times that."""

    def __init__(self, task: str, facts: Mapping[str, object]) -> None:
        self._task, self._facts = task, facts

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, exc: BaseException | None, _at: object) -> None:
        if not isinstance(exc, Exception) or isinstance(exc, EXPECTED):
            return
        reference, origin = secrets.token_hex(4), str(Mistake.of(exc))
        logger.error(
            "connector error reference=%s task=%s error=%s %s",
            reference,
            self._task,
            origin,
            " ".join(f"{name}={value}" for name, value in self._facts.items()),
        )
        raise ConnectorError(reference=reference, origin=origin) from exc
