"""User messages: how an authorization ended, and what to do next."""

from typing import Literal

from msgspec import Struct

Level = Literal["success", "info", "warning", "error"]


class UserMessage(Struct, frozen=True, kw_only=True):
    """Message to a user who comes back; ``{name}`` is the provider's.

    ``code`` tells the message from others, whatever its words. ``{what}`` are
    permissions in words; ``{chosen}`` and ``{wanted}`` two connections.
    """

    code: str
    level: Level
    text: str

    def of(self, name: str, **facts: object) -> str:
        """Return the text with the provider's name in it, and what else it tells."""
        return self.text.format(name=name, **facts)


STATE_MESSAGES = {
    "unknown": UserMessage(
        code="state_unknown",
        level="warning",
        text="This answer from {name} does not belong to anything that was started "
        "here. Press Connect to start again.",
    ),
    "expired": UserMessage(
        code="state_expired",
        level="warning",
        text="Connecting {name} took longer than ten minutes, so the attempt was "
        "dropped. Press Connect to start again.",
    ),
    "used": UserMessage(
        code="state_used",
        level="info",
        text="This answer from {name} was used already. If {name} is not among your "
        "connections, press Connect to start again.",
    ),
    "session": UserMessage(
        code="state_session",
        level="warning",
        text="You came back from {name} in another browser, or you have signed out "
        "since. Press Connect and finish in this browser.",
    ),
    "user": UserMessage(
        code="state_user",
        level="warning",
        text="Somebody else started this connection to {name}. Nothing was "
        "connected. Press Connect to start your own.",
    ),
}
CANCELLED = UserMessage(
    code="cancelled",
    level="info",
    text="You did not give {name} your consent, so nothing was connected. If you did "
    "not cancel, your {name} account may not be allowed to connect apps: ask an "
    "administrator of it.",
)
NOT_ADMINISTRATOR = UserMessage(
    code="not_administrator",
    level="warning",
    text="{name} says that you may not connect apps to this account. Ask an "
    "administrator of the {name} account to do it, or to give you that permission.",
)
PROVIDER_DOWN = UserMessage(
    code="provider_down",
    level="error",
    text="{name} did not answer as it should. Nothing was connected; try again in a "
    "few minutes.",
)
CODE_REFUSED = UserMessage(
    code="code_refused",
    level="warning",
    text="{name} did not accept the answer any more, perhaps because it took too "
    "long. Press Connect to start again.",
)
MISCONFIGURED = UserMessage(
    code="misconfigured",
    level="error",
    text="Connecting {name} does not work on this site at the moment. Nothing is "
    "wrong with your account; the staff have been told.",
)
WRONG_ISSUER = UserMessage(
    code="wrong_issuer",
    level="error",
    text="The answer did not come from {name}. Nothing was connected.",
)
SOMEONE_ELSES = UserMessage(
    code="someone_elses",
    level="error",
    text="This {name} account is already connected by somebody else here. They have "
    "to disconnect it first; nothing of theirs was changed.",
)
TOO_MANY = UserMessage(
    code="too_many_connections",
    level="warning",
    text="You have as many connections as one user may have here, so {name} was not "
    "connected. Disconnect one that you no longer need, then press Connect.",
)
NOT_LINKED = UserMessage(
    code="not_linked",
    level="warning",
    text="Nobody here has connected this {name} account yet. Sign in with your "
    "e-mail address, then connect it.",
)
SIGN_IN_OFF = UserMessage(
    code="sign_in_off",
    level="warning",
    text="Signing in with this {name} account is off, because the password was reset. "
    "Sign in with your e-mail address and turn it on again.",
)
CONNECTED = UserMessage(
    code="connected",
    level="success",
    text="{name} is connected. The first sync has started.",
)
RECONNECTED = UserMessage(
    code="reconnected",
    level="success",
    text="{name} is connected again. No item was lost.",
)
OLDER = UserMessage(
    code="older",
    level="info",
    text="You have said yes to {name} once more since. That newer consent is used, and "
    "this one was given back.",
)
SAME_AGAIN = UserMessage(
    code="same_again",
    level="success",
    text="{name} permits the same as before. A sync looks for what it shares now.",
)
GAINED = UserMessage(
    code="gained",
    level="success",
    text="{name} permits now: {what}.",
)
EDITING_GRANTED = UserMessage(
    code="editing_granted",
    level="success",
    text="You can edit now: {name} permits {what}.",
)
LOST = UserMessage(
    code="lost",
    level="info",
    text="{name} does not permit any more: {what}.",
)
LEFT_OUT = UserMessage(
    code="left_out",
    level="warning",
    text="{name} did not grant {what}. Usually the account's plan does not include "
    "it, or you may not grant it: asking again helps once that has changed.",
)
EDITING_REFUSED = UserMessage(
    code="editing_refused",
    level="warning",
    text="You cannot edit yet: {name} did not grant {what}. Usually you may not do it "
    "there yourself. Have an administrator of the {name} account permit it to you, "
    "then press “Ask for it” under Editing.",
)
EDITING_NOT_ASKED = UserMessage(
    code="editing_not_asked",
    level="warning",
    text="You cannot edit for now: {name} was not asked for {what}, because nobody "
    "said that this account was meant. Press “Ask for it” under Editing.",
)
OTHER_ACCOUNT = UserMessage(
    code="other_account",
    level="warning",
    text="You came back from {name} with {chosen}, which is connected. You had asked "
    "for {wanted}, and that is as it was.",
)
QUEUE_AWAY = UserMessage(
    code="queue_away",
    level="info",
    text="The first sync of {name} is noted and starts as soon as the queue is back.",
)
NOT_CONFIGURED = UserMessage(
    code="not_configured", level="error", text="{name} is not set up on this site yet."
)


def our_mistake(reference: str) -> UserMessage:
    """Return the message that a mistake of ours has prevented the connection."""
    return UserMessage(
        code="connector_error",
        level="error",
        text="{name} could not be connected: our mistake "
        f"(reference {reference}). Nothing is wrong with your account; tell the staff "
        "the reference.",
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
