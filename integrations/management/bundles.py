"""Share what the commands for bundles of connections have in common."""

import getpass
import os
import sys
from collections.abc import Iterable

from django.core.management.base import CommandError, OutputWrapper

from integrations.http.secrets import Secret
from integrations.services.connections.handover import bundle
from integrations.services.connections.handover.records import TEXTS, Result

VARIABLE = "BUNDLE_PASSPHRASE"
Row = tuple[str, Result]


def read_passphrase(*, from_stdin: bool) -> Secret:
    """Return the passphrase of a bundle; never from the arguments, which others see."""
    if from_stdin:
        text = sys.stdin.readline().rstrip("\r\n")
    elif (given := os.environ.get(VARIABLE)) is not None:
        text = given
    elif sys.stdin.isatty():
        text = getpass.getpass("Passphrase of the bundle: ")
    else:
        raise CommandError(
            f"set {VARIABLE} in the environment, or send the passphrase with"
            " --passphrase-stdin"
        )
    passphrase = Secret(text)
    try:
        bundle.check_passphrase(passphrase)
    except bundle.PassphraseTooShortError:
        least = bundle.SHORTEST_PASSPHRASE
        raise CommandError(f"the passphrase needs {least} characters or more") from None
    return passphrase


def report(rows: Iterable[Row], output: OutputWrapper, *, done: str) -> None:
    """Print what became of each connection; CommandError unless all went well."""
    found = list(rows)
    for title, result in found:
        output.write(f"{title}: {TEXTS[result]}")
    bad = sum(not result.is_good for _, result in found)
    output.write(f"{len(found) - bad} {done}, {bad} not")
    if bad:
        raise CommandError("see above for what was not done, and why")
