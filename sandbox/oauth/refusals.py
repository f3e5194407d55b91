"""Word what the token endpoints refuse, in the words of RFC 6749."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, replace


@dataclass(frozen=True)
class Refusal:
    """One answer that refuses; `code` is a provider's own word for it."""

    error: str
    description: str
    status: int = 400
    code: str = ""

    def fill(self, detail: str) -> "Refusal":
        return replace(self, description=self.description.format(detail))

    @property
    def name(self) -> str:
        return self.code or self.error or str(self.status)


@dataclass(eq=False)
class RefusedError(Exception):
    """Carry a refusal out of a transaction, which is then undone."""

    reason: str
    detail: str = ""
    _: KW_ONLY
    is_unknown: bool = False
    is_double: bool = False
    # The grant that ends by it.
    ends: int = 0


CLIENT = Refusal("invalid_client", "the client id or secret is missing or wrong", 401)

# Every reason that the token endpoints know.
REFUSALS: Mapping[str, Refusal] = {
    "body": Refusal("invalid_request", "the body cannot be read"),
    "repeated": Refusal("invalid_request", "repeated: {}"),
    "undescribed": Refusal("invalid_request", "not as described: {}"),
    "missing": Refusal("invalid_request", "missing: {}"),
    "client_id": CLIENT,
    "client_secret": CLIENT,
    "no_grant_type": Refusal("invalid_request", "grant_type is missing"),
    "grant_type": Refusal("unsupported_grant_type", "the grant type is not supported"),
    "code": Refusal("invalid_grant", "the code is unknown or expired"),
    "used_code": Refusal("invalid_grant", "the code was used before"),
    "redirect_uri": Refusal("invalid_grant", "the redirect_uri is not the same"),
    "verifier": Refusal("invalid_grant", "the code_verifier does not match"),
    "withdrawn": Refusal("invalid_grant", "a scope was withdrawn"),
    "refresh_token": Refusal("invalid_grant", "the refresh token is not valid"),
    "reused": Refusal("invalid_grant", "the refresh token was used before"),
    "racing": Refusal("", "refreshed just now", 409),
    "token_kind": Refusal(
        "unsupported_token_type", "tokens of this kind cannot be revoked"
    ),
    "scope": Refusal("invalid_scope", "the scope is more than was granted"),
}
