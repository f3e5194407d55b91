"""Addresses of what has a key, of which a page has hundreds."""

from functools import cache
from uuid import UUID

from django.urls import reverse


def path_of(name: str, key: UUID) -> str:
    """Return the path of a named page of ours about what has a key."""
    return _form(name).format(key)


@cache
def fixed_path(name: str) -> str:
    """Return the path of a named page without parameters."""
    return reverse(name)


@cache
def _form(name: str) -> str:
    """Return the form of all paths of one name; Django takes 25 µs to make each."""
    nobody = UUID(int=0)
    return reverse(f"integrations:{name}", args=(nobody,)).replace(str(nobody), "{}")
