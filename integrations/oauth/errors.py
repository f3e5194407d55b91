"""Error tree of token endpoints; decide by type, never by message.

OAuthError
├── GrantRejected           the code or the token itself is dead, for good
├── ClientRejected          our client id, secret or registration: nobody's grant
├── RequestRejected         any other refusal: our request or our configuration
├── Conflict                409: somebody else has just used this token
├── TokenRateLimited        429
├── TokenServerError        5xx, an answer that asks to wait, or an intermediary's
├── NotSent                 no byte left this machine: nothing happened
└── OutcomeUnknown          sent, but no answer: the token may be spent
    └── MalformedTokenResponse   answered with a success that cannot be read
"""


class OAuthError(Exception):
    """A call to a token endpoint that gave no tokens.

    `error` is the machine-readable code, `description` the provider's own words,
    redacted and shortened: they are for a page's details and not in `str(error)`.
    `retry_after` is in seconds, None when unknown.
    """

    def __init__(
        self,
        error: str = "",
        *,
        description: str = "",
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        """Store what the answer said; `status` is None when there was none."""
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status
        self.retry_after = retry_after

    def __str__(self) -> str:
        status = "no answer" if self.status is None else str(self.status)
        return f"token endpoint: {status} {self.error}".rstrip()


class GrantRejected(OAuthError):
    """The provider definitively refuses this code or token."""


class ClientRejected(OAuthError):
    """The provider refuses our client; no user's connection is at fault."""


class RequestRejected(OAuthError):
    """The provider refuses the request; our bug or our configuration."""


class Conflict(OAuthError):
    """The same token was used a moment ago; look at what that gave (409)."""


class TokenRateLimited(OAuthError):
    """The endpoint asks to come back later (429)."""


class TokenServerError(OAuthError):
    """No decision: 5xx, an answer that asks to wait, or one of an intermediary."""


class NotSent(OAuthError):
    """The request never left: trying again is safe."""


class OutcomeUnknown(OAuthError):
    """The request left and no usable answer came: the token may be spent."""


class MalformedTokenResponse(OutcomeUnknown):
    """A success whose body is not what was promised."""
