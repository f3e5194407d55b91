"""Errors of the services, for tasks, pages and the console."""

from integrations.models.connection import REASONS


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
        self.reason_text = REASONS.get(reason, reason)


class OwnedBySomeoneElseError(ServiceError):
    """The remote account already belongs to another user here."""


class LeaseLostError(ServiceError):
    """Another worker has taken over, or the work was cancelled."""


class LastAdministratorError(ServiceError):
    """Nobody could administer the site without this account."""
