"""Ask for an error of a class; pytest's own way cannot be used outside a test."""

from collections.abc import Callable
from typing import Any

from integrations.http.errors import ApiError

Kinds = type[ApiError] | tuple[type[ApiError], ...]


def raises(kind: Kinds, call: Callable[[], Any]) -> ApiError:
    """Return the error that a call raises; it must be of this kind."""
    try:
        result = call()
    except kind as exc:
        return exc
    except ApiError as exc:
        raise AssertionError(f"expected {kind}, got {exc!r}") from exc
    raise AssertionError(f"expected {kind}, got {result!r:.200}")
