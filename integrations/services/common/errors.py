"""Errors of the services, for tasks, pages and the console."""

from integrations.http.errors import ApiError, QuotaExhausted
from integrations.models.messages import wording


class ServiceError(Exception):
    """Base of everything a service refuses to do."""


class NoTokenError(ServiceError):
    """A connection has no usable grant; ``reason`` is machine-readable."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotSyncableError(ServiceError):
    """A connection's data may not be read now; ``reason_text`` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.reason_text = wording.state_text(reason)


class ConnectorError(ApiError):
    """A connector failed by a mistake of ours.

    ``reference`` is for the user who asks about it, ``origin`` is the type of the
    exception with file and line.
    """

    def __init__(self, *, reference: str, origin: str) -> None:
        super().__init__("an unexpected error in the connector", code="connector_error")
        self.reference = reference
        self.origin = origin


class PlanUnknownError(QuotaExhausted):
    """No more calls are made until the user says how many their plan has."""


class CallsSparedError(QuotaExhausted):
    """The rest of a month's calls is left for what else their owner does."""


class OwnedBySomeoneElseError(ServiceError):
    """The remote account already belongs to another user here."""


class TooManyConnectionsError(ServiceError):
    """The user has as many connections as one user may have."""


class LeaseLostError(ServiceError):
    """Another worker has taken over, or the work was cancelled."""


class OrderNotReadyError(ServiceError):
    """What the rows of a table are sorted by is still being indexed."""


class NotShownError(ServiceError):
    """An item has no place in a list, or one behind what is looked at there."""


class LastAdministratorError(ServiceError):
    """Nobody could administer the site without this account."""


class ProofMissingError(ServiceError):
    """What cannot be undone was asked for without a proof of who asks."""
