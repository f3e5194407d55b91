"""The one condition that is shown of a connection, by code, word and tone."""

from django.db import models


class Condition(models.TextChoices):
    """How a connection is; ``services.connections.status`` decides by the facts."""

    CONNECTED = "connected", "Connected"
    QUEUED = "queued", "Waiting to start"
    FIRST_SYNC = "first_sync", "First sync"
    NOT_READ = "not_read", "Not read yet"
    WAITING = "waiting", "Waiting"
    RETRYING = "retrying", "Trying again"
    PARTIAL = "partial", "Partly read"
    HELD = "held", "Needs your decision"
    EMPTY = "empty", "Nothing to read"
    UNSELECTED = "unselected", "Nothing selected"
    STALE = "stale", "Out of date"
    TROUBLE = "trouble", "Having trouble"
    QUARANTINED = "quarantined", "Sync broke off"
    PROVIDER_PAUSED = "provider_paused", "Provider paused"
    NEEDS_RECONNECT = "needs_reconnect", "Needs reconnecting"
    PAUSED = "paused", "Paused"
    DISCONNECTED = "disconnected", "Disconnected"
    KEPT = "kept", "Disconnected, items kept"
    MOVED = "moved", "Moved to another server"
    DELETING = "deleting", "Disconnected, items being deleted"
    ERASING = "erasing", "Account being deleted"

    @property
    def tone(self) -> str:
        """Return the colour family of its badge."""
        return TONES.get(self, "warn")


TONES = {
    Condition.CONNECTED: "ok",
    Condition.QUEUED: "busy",
    Condition.FIRST_SYNC: "busy",
    Condition.NOT_READ: "idle",
    Condition.EMPTY: "idle",
    Condition.UNSELECTED: "idle",
    Condition.QUARANTINED: "bad",
    Condition.NEEDS_RECONNECT: "bad",
    Condition.PAUSED: "idle",
    Condition.DISCONNECTED: "idle",
    Condition.KEPT: "idle",
    Condition.MOVED: "idle",
    Condition.DELETING: "busy",
    Condition.ERASING: "busy",
}
