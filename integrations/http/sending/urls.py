"""Build request addresses that cannot leave the origin they belong to."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias
from urllib.parse import quote, unquote, urlencode, urlsplit

Value: TypeAlias = str | int | bool
Params: TypeAlias = Mapping[str, Value | Sequence[Value] | None]

# What RFC 3986 allows in a path; anything else has to be percent-encoded first.
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+/?\Z")
_DOTS = {".", ".."}


def is_loopback(host: str) -> bool:
    """Return whether `host` is a name or an address of this very machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_origin(url: str) -> str:
    """Return `url` when credentials may be sent to it: https, or http to loopback.

    Raises ValueError for anything else: other schemes, a missing host, user
    information, a fragment, spaces, control or non-ASCII characters.
    """
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError("the address has characters that must be encoded")
    parts = urlsplit(url)
    host = parts.hostname or ""
    # Reading the port raises ValueError by itself when it is no port.
    if not host or parts.port == 0 or "@" in parts.netloc or "#" in url:
        raise ValueError("the address needs a host and no user or fragment")
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return url
    raise ValueError("the address must be https (plain http only for loopback)")


def segment(value: str) -> str:
    """Encode one path segment, such as a remote id; ValueError for `.`, `..`, empty.

    Use it for every part of a path that came from a provider or from a user.
    """
    if value in _DOTS or not value:
        raise ValueError("a path segment must not be empty or made of dots")
    return quote(value, safe="")


def join(base_url: str, path: str, params: Params | None = None) -> str:
    """Return `path` and `params` under `base_url`; raise ValueError if they leave it.

    `path` starts with one slash and stays below the base: no address of its own,
    no empty, `.` or `..` segment (encoded or not), no query and no fragment.
    """
    if not _PATH.match(path):
        raise ValueError("the path must be relative to the base and encoded")
    if any(unquote(part) in _DOTS for part in path.split("/")):
        raise ValueError("the path must not climb")
    query = encode_params(params or {})
    return base_url.rstrip("/") + path + (f"?{query}" if query else "")


def encode_params(params: Params) -> str:
    """Encode a query: lists repeat the key, None is left out, spaces become %20."""
    pairs: list[tuple[str, str]] = []
    for key, value in params.items():
        if value is None:
            continue
        values = [value] if isinstance(value, str | int) else value
        pairs.extend((key, _to_text(each)) for each in values)
    return urlencode(pairs, quote_via=quote, safe="")


def _to_text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
