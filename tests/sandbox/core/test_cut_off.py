"""A client that dies while it sends has asked for nothing."""

from pathlib import Path
from urllib.parse import urlencode

from sandbox.core.serving.record import Recorder
from tests.sandbox.wsgi_client import CLIENT, Client
from tests.support.provider_answers.described import make_environ

CONTACTS = "/hubspot/crm/objects/2026-09/contacts"
FORM = "application/x-www-form-urlencoded"


def cut_off(client: Client, url: str, body: bytes, kind: str) -> str:
    """Announce more than is sent; return the status line."""
    environ = make_environ("POST", url, body, client.headers, kind)
    environ["CONTENT_LENGTH"] = str(len(body) + 1)
    told: list[str] = []
    list(client.app(environ, lambda status, sent: told.append(status)))
    return told[0]


def test_half_a_request_is_refused_and_neither_recorded_nor_counted(
    client: Client, tmp_path: Path
) -> None:
    client.connect()
    path = tmp_path / "calls.jsonl"
    client.app.recorder = Recorder(path)
    before = client.query("stats")

    for body in (b"", b'{"properties": {"email": "a@b.example"}}'):
        status = cut_off(client, CONTACTS, body, "application/json")
        assert status.startswith("400 ")

    assert not path.exists()
    assert client.query("stats") == before


def test_half_a_refresh_leaves_the_grant_as_it_was(client: Client) -> None:
    tokens = client.connect()
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    body = urlencode({**CLIENT, **refresh}).encode()

    assert cut_off(client, client.token, body, FORM).startswith("400 ")

    assert client.works(tokens)
    assert client.refresh(tokens["refresh_token"]).status == 200
