"""Versions of a provider's API: when each one ends, and which are in use."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

# How long before its end a version in use is warned of.
WARNED_BEFORE: Final = timedelta(days=180)
VERSION: Final = re.compile(r"v\d+|\d{4}-\d{2}(?:-\d{2})?")


class ApiVersion(Struct, frozen=True, kw_only=True):
    """One version of a provider's API, and the day on which it ends.

    ``ends_on`` is None where the provider has published no day; ``is_estimated`` says
    that it follows from a rule of the provider's, such as 18 months of support.
    ``source`` is the provider's own page about it.
    """

    name: str
    source: str
    ends_on: date | None = None
    is_estimated: bool = False


class UsedVersion(Struct, frozen=True, kw_only=True):
    """A version in use, and for what; ``known`` is None where nothing is known of it.

    ``setting`` is the environment name by which an operator moves to another.
    """

    name: str
    purpose: str
    setting: str
    known: ApiVersion | None = None

    def days_left(self, today: date) -> int | None:
        """Return how many days it has, None where no end is known."""
        ends_on = self.known.ends_on if self.known else None
        return (ends_on - today).days if ends_on else None

    def is_ending(self, today: date) -> bool:
        """Tell whether it is time to move to another."""
        left = self.days_left(today)
        return left is not None and left <= WARNED_BEFORE.days


def version_in(url: str) -> str:
    """Return the version that a path names, empty without one."""
    parts = urlsplit(url).path.split("/")
    return next((part for part in parts if VERSION.fullmatch(part)), "")


def used_versions(
    versions: tuple[ApiVersion, ...],
    *,
    env_prefix: str,
    version_env: str,
    version: str,
    token_url: str,
    api_url: str,
) -> Iterator[UsedVersion]:
    """Yield each version that a provider is called by, once for each purpose."""
    known = {each.name: each for each in versions}
    used = (
        ("data", version or version_in(api_url), version_env or f"{env_prefix}API_URL"),
        ("tokens", version_in(token_url), f"{env_prefix}TOKEN_URL"),
    )
    for purpose, name, setting in used:
        if name:
            yield UsedVersion(
                name=name, purpose=purpose, setting=setting, known=known.get(name)
            )
