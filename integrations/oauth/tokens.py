"""Read what token endpoints answer: strict about the tokens, calm about the rest."""

import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct, field

from integrations.http.secrets import MASK, Secret
from integrations.oauth.errors import MalformedTokenResponse

MAX_TOKEN: Final = 16 * 1024
# Ten years: a longer life is nonsense, and dates would overflow.
MAX_LIFETIME: Final = 315_360_000
MAX_SCOPES: Final = 500

# Visible ASCII: anything else cannot stand in an Authorization header.
_TOKEN = re.compile(r"[\x21-\x7e]+\Z")
_SECRET_NAME = re.compile(
    r"token|secret|passw|verifier|assertion|credential|api_?key|^code$", re.IGNORECASE
)
# Names that only sound secret.
_PLAIN_NAMES: Final = frozenset({"token_type", "token_use", "token_type_hint"})


class TokenSet(Struct, frozen=True, kw_only=True):
    """The tokens of one answer; lifetimes in seconds, None when it names none.

    `refresh_token` None means that the answer brought none: keep the old one.
    `scopes` None means that the answer did not say what was granted. `raw` is the
    answer without anything that looks like a secret.
    """

    access_token: Secret
    refresh_token: Secret | None = None
    expires_in: int | None = None
    refresh_expires_in: int | None = None
    scopes: tuple[str, ...] | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"TokenSet(expires_in={self.expires_in}, scopes={self.scopes})"


class Introspection(Struct, frozen=True, kw_only=True):
    """What the provider says about a token, without the token."""

    active: bool
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Introspection(active={self.active})"


def read_tokens(body: Any, *, status: int = 200) -> TokenSet:
    """Return the tokens in the parsed `body` of a success.

    Raises MalformedTokenResponse when there is no usable access token; any other
    field that is missing or odd is left out as a whole.
    """
    if not isinstance(body, dict):
        raise MalformedTokenResponse("not_an_object", status=status)
    access = _token(body.get("access_token"))
    if access is None:
        raise MalformedTokenResponse("no_access_token", status=status)
    refresh = _token(body.get("refresh_token"))
    return TokenSet(
        access_token=access,
        refresh_token=refresh,
        expires_in=_lifetime(body.get("expires_in")),
        refresh_expires_in=_lifetime(body.get("refresh_expires_in")),
        scopes=_scopes(body),
        raw=scrub(body, *(each for each in (access, refresh) if each)),
    )


def read_introspection(body: Any, token: Secret, *, status: int = 200) -> Introspection:
    """Return what the parsed `body` says about `token`.

    Raises MalformedTokenResponse when it does not say whether the token is active.
    """
    if not isinstance(body, dict) or not isinstance(body.get("active"), bool):
        raise MalformedTokenResponse("no_active_field", status=status)
    return Introspection(active=body["active"], fields=scrub(body, token))


def scrub(body: dict[str, Any], *tokens: Secret) -> dict[str, Any]:
    """Return `body` without keys that sound secret and without these tokens' text."""
    values = [each.reveal() for each in tokens]
    clean = _scrubbed(body, values)
    return clean if isinstance(clean, dict) else {}


def _scrubbed(value: Any, values: list[str]) -> Any:
    # The depth is bounded where the JSON was parsed.
    if isinstance(value, dict):
        return {
            key: _scrubbed(each, values)
            for key, each in value.items()
            if not _sounds_secret(key) and not any(text in key for text in values)
        }
    if isinstance(value, list):
        return [_scrubbed(each, values) for each in value]
    if isinstance(value, str) and any(text in value for text in values):
        return MASK
    return value


def _sounds_secret(key: str) -> bool:
    return bool(_SECRET_NAME.search(key)) and key.lower() not in _PLAIN_NAMES


def _token(value: Any) -> Secret | None:
    if not isinstance(value, str) or len(value) > MAX_TOKEN or not _TOKEN.match(value):
        return None
    return Secret(value)


def _lifetime(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value) if len(value) < 12 else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value <= MAX_LIFETIME else None


def _scopes(body: dict[str, Any]) -> tuple[str, ...] | None:
    """Read `scopes` or `scope`, each a list or a text with spaces between."""
    for value in (body.get("scopes"), body.get("scope")):
        names = value.split() if isinstance(value, str) else value
        if isinstance(names, list) and _are_scopes(names):
            return tuple(dict.fromkeys(names))
    return None


def _are_scopes(names: list[Any]) -> bool:
    return len(names) <= MAX_SCOPES and all(
        isinstance(name, str) and 0 < len(name) <= 200 and name.isprintable()
        for name in names
    )
