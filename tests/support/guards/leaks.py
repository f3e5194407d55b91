"""Notes of what is secret, and readers of all places where it must not be found."""

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

from django.contrib import admin
from django.core.cache import cache
from django.db import connection as database
from django.test import Client

from integrations.http.secrets import Secret
from integrations.http.sending.transport import Request, Response, Timeouts
from tests.support.provider_answers.sandbox_transport import SandboxTransport

FORM_SECRETS = {"client_secret", "code", "code_verifier", "refresh_token", "token"}
ANSWER_SECRETS = {"access_token", "refresh_token"}


class Wire:
    """Transport that notes every secret that passes, and carries it on."""

    def __init__(self, inner: SandboxTransport) -> None:
        self.inner = inner
        self.passed: set[str] = set()

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        """Note what is secret in a request and in its answer."""
        for value in request.headers.values():
            if isinstance(value, Secret):
                self.passed.add(value.reveal().rpartition(" ")[2])
        form = parse_qsl((request.body or b"").decode("utf-8", "replace"))
        self.passed.update(value for name, value in form if name in FORM_SECRETS)
        answer = self.inner.send(request, timeouts, max_bytes)
        self.passed.update(secrets_of(answer.body))
        return answer


def secrets_of(body: bytes) -> Iterator[str]:
    try:
        told = json.loads(body)
    except ValueError:
        return
    for name in ANSWER_SECRETS & set(told if isinstance(told, dict) else ()):
        yield str(told[name])


def all_rows() -> str:
    """Return the content of every table, those of the search index too."""
    with database.cursor() as cursor:
        names = database.introspection.table_names(cursor)
        rows = []
        for name in names:
            cursor.execute(f"select * from {database.ops.quote_name(name)}")
            rows += [f"{name}: {row!r}" for row in cursor.fetchall()]
    return "\n".join(rows)


def all_cached() -> str:
    return repr(cache._cache)  # type: ignore[attr-defined]


def pages(client: Client, start: str) -> dict[str, str]:
    """Return the pages that links lead to, from one on; one of each kind."""
    waiting, found, kinds = [start], {}, set()
    while waiting:
        path = waiting.pop(0)
        answer = client.get(path)
        text = b"".join(answer).decode()
        found[path] = f"{answer.headers} {text}"
        for link in re.findall(r'href="(/[^"#?]*)', text):
            kind = re.sub("[0-9a-f-]{36}", "*", link)
            if kind not in kinds and not kind.startswith("/static/"):
                kinds.add(kind)
                waiting.append(link)
    return found


def admin_pages(client: Client) -> dict[str, str]:
    """Return the list of every registered model, and a page of each of its rows."""
    found = {}
    for model in admin.site._registry:
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        found[address] = client.get(address).content.decode()
        for key in model._default_manager.values_list("pk", flat=True)[:5]:
            path = f"{address}{key}/change/"
            found[path] = client.get(path, follow=True).content.decode()
    return found


def where(secrets: set[str], places: dict[str, str]) -> list[tuple[str, str]]:
    assert all(len(each) >= 10 for each in secrets), secrets
    return [
        (name, text[max(0, text.index(each) - 60) : text.index(each) + 8])
        for name, text in places.items()
        for each in secrets
        if each in text
    ]
