"""User messages: how an authorization ended, and what to do next."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["success", "info", "warning", "error"]


@dataclass(frozen=True, kw_only=True)
class UserMessage:
    """Message to a user who comes back; ``{name}`` is the provider's."""

    level: Level
    text: str

    def of(self, name: str) -> str:
        """Return the text with the provider's name in it."""
        return self.text.format(name=name)


STATE_MESSAGES = {
    "unknown": UserMessage(
        level="warning",
        text="This answer from {name} does not belong to anything that was started "
        "here. Press Connect to start again.",
    ),
    "expired": UserMessage(
        level="warning",
        text="Connecting {name} took longer than ten minutes, so the attempt was "
        "dropped. Press Connect to start again.",
    ),
    "used": UserMessage(
        level="info",
        text="This answer from {name} was used already. If {name} is not among your "
        "connections, press Connect to start again.",
    ),
    "session": UserMessage(
        level="warning",
        text="You came back from {name} in another browser, or you have signed out "
        "since. Press Connect and finish in this browser.",
    ),
    "user": UserMessage(
        level="warning",
        text="Somebody else started this connection to {name}. Nothing was "
        "connected. Press Connect to start your own.",
    ),
}
CANCELLED = UserMessage(
    level="info",
    text="You did not give {name} your consent, so nothing was connected. If you did "
    "not cancel, your {name} account may not be allowed to connect apps: ask an "
    "administrator of it.",
)
NOT_ADMINISTRATOR = UserMessage(
    level="warning",
    text="{name} says that you may not connect apps to this account. Ask an "
    "administrator of the {name} account to do it, or to give you that permission.",
)
PROVIDER_DOWN = UserMessage(
    level="error",
    text="{name} did not answer as it should. Nothing was connected; try again in a "
    "few minutes.",
)
CODE_REFUSED = UserMessage(
    level="warning",
    text="{name} did not accept the answer any more, perhaps because it took too "
    "long. Press Connect to start again.",
)
MISCONFIGURED = UserMessage(
    level="error",
    text="Connecting {name} does not work on this site at the moment. Nothing is "
    "wrong with your account; the staff have been told.",
)
WRONG_ISSUER = UserMessage(
    level="error",
    text="The answer did not come from {name}. Nothing was connected.",
)
SOMEONE_ELSES = UserMessage(
    level="error",
    text="This {name} account is already connected by somebody else here. They have "
    "to disconnect it first; nothing of theirs was changed.",
)
NOT_LINKED = UserMessage(
    level="warning",
    text="Nobody here has connected this {name} account yet. Sign in with your "
    "e-mail address, then connect it.",
)
CONNECTED = UserMessage(
    level="success", text="{name} is connected. The first sync has started."
)
RECONNECTED = UserMessage(
    level="success", text="{name} is connected again. Nothing was lost."
)
OTHER_ACCOUNT = UserMessage(
    level="warning",
    text="You chose another {name} account than the one to be reconnected. The one "
    "you meant still waits.",
)
QUEUE_AWAY = UserMessage(
    level="info",
    text="The first sync of {name} is noted and starts as soon as the queue is back.",
)
NOT_CONFIGURED = UserMessage(
    level="error", text="{name} is not set up on this site yet."
)

# Error codes of RFC 6749 section 4.1.2.1 and what they mean for a user.
ERROR_MESSAGES = {
    "access_denied": CANCELLED,
    "server_error": PROVIDER_DOWN,
    "temporarily_unavailable": PROVIDER_DOWN,
    "insufficient_permissions": NOT_ADMINISTRATOR,
    "not_authorized": NOT_ADMINISTRATOR,
    "unauthorized": NOT_ADMINISTRATOR,
}
