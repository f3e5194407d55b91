"""Share what the console commands have in common."""

import os
from argparse import ArgumentTypeError
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.contrib.auth.models import User
from django.core.management.base import CommandError, OutputWrapper

from integrations.checks import TAG
from integrations.models import Item
from integrations.models.items.item import ItemQuerySet
from integrations.models.uuids import read_uuid

CHUNK = 500
# What a command without pages checks before it starts: the settings. Addresses,
# templates and the admin would be imported only to be looked at.
CHECKS = (TAG,)


def find_user(email: str) -> User:
    """Return the one account with an e-mail address, or say that there is none."""
    found = list(User.objects.filter(email__iexact=email)[:2])
    if not found:
        raise CommandError(f"nobody here has the e-mail address {email!r}")
    if len(found) > 1:
        raise CommandError(f"several accounts have the e-mail address {email!r}")
    return found[0]


def stream(items: ItemQuerySet) -> Generator[Item]:
    """Yield items in a fixed order, a few hundred in memory at a time."""
    yield from items.order_by("pk").iterator(chunk_size=CHUNK)


@contextmanager
def quietly_if_closed(output: OutputWrapper) -> Iterator[None]:
    """End without a word when the reader of a pipe has seen enough (``| head``)."""
    try:
        yield
    except BrokenPipeError:
        # Python flushes once more on its way out; let it have somewhere to write.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, output.fileno())
        os.close(nowhere)


def uuid_argument(text: str) -> UUID:
    """Return the id that an argument is; ArgumentTypeError, which a parser shows."""
    found = read_uuid(text)
    if found is None:
        raise ArgumentTypeError(f"{text!r} is not a UUID")
    return found
