"""Addresses of servers, read strictly."""

import re
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

NOT_IN_HOSTS: Final = re.compile(r"[\s,;@]")


def split_address(url: str) -> SplitResult:
    """Return the parts of an address; raise ValueError where it is badly encoded.

    A password ends the host too early at its own ``/``, ``?`` or ``#``: it would be
    neither sent nor masked.
    """
    parts = urlsplit(url)
    if parts.fragment or "@" in parts.path or parts.port == 0:
        raise ValueError("something in it is not encoded")
    if parts.query:
        parse_qsl(parts.query, strict_parsing=True)
    return parts


def read_address(url: str) -> SplitResult:
    """Return the parts of an address with one host; raise ValueError without."""
    parts = split_address(url)
    if not parts.hostname or NOT_IN_HOSTS.search(parts.hostname):
        raise ValueError("it names no host")
    return parts
