"""Give orders to the commands that hand connections over."""

from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command

from integrations.models import (
    Connection,
    PendingRevocation,
)

PASSPHRASE = "twelve sailors and a goat"


def run(*words: object) -> str:
    out = StringIO()
    call_command(*map(str, words), stdout=out, stderr=StringIO())
    return out.getvalue()


def refused(*words: object) -> str:
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command(*map(str, words), stdout=out, stderr=StringIO())
    return f"{out.getvalue()}{caught.value}"


def become_another_server() -> None:
    """Empty this one of all that it knows of connections."""
    Connection.objects.all().delete()
    PendingRevocation.objects.all().delete()
    cache.clear()


def token_requests(sandbox: Any) -> int:
    return len(sandbox.client.query("token-requests")["requests"])
