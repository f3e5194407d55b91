"""No secret of a grant, an account or the site is found where it can be read.

What was sent as one is noted where it leaves or comes in: nothing here knows how it
is kept. Rows, cache, messages, logs, reports, pages, commands and files are searched.
"""

import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from config.monitoring.sentry import make_event
from integrations.http.observability.redaction import JsonFormatter, RedactingFormatter
from integrations.http.secrets import Secret
from integrations.models import Connection, Credential, Notice
from integrations.services.common import queue
from integrations.services.common.clients import oauth_clients
from integrations.services.connections.disconnect import disconnect
from integrations.services.connections.handover import bundle
from integrations.services.grants import oauth_state, tokens
from integrations.services.notices import sending
from integrations.services.upkeep import schedule
from tests.services.conftest import finish_sync  # noqa: F401 (found by its name)
from tests.services.grants.working import expire, refresh_now
from tests.signin.conftest import come_back
from tests.support.guards.leaks import (
    Wire,
    admin_pages,
    all_cached,
    all_rows,
    pages,
    where,
)
from tests.support.provider_answers.sandbox_transport import SandboxTransport
from tests.support.sessions import prove

PASSWORD = "Qz7-leaked-password-9Kw"
WRONG = "leaked-wrong-password"
PASSPHRASE = "leaked twelve sailors and a goat"
WEBHOOK = "https://hooks.example.com/T0LEAKEDWEBHOOKSECRET"
SET_UP = "/accounts/2fa/totp/activate/"
COMMANDS = (
    ("status",),
    ("doctor",),
    ("rotate_token_keys", "--check"),
    ("sync", "--user", "alice@example.com"),
    ("items", "--user", "alice@example.com"),
    ("refresh_due",),
    ("sweep",),
    ("notices",),
)


@pytest.fixture
def wire(sandbox: SandboxTransport, monkeypatch: pytest.MonkeyPatch) -> Wire:
    made = Wire(sandbox)
    monkeypatch.setattr(oauth_clients, "transport", lambda: made)
    return made


@pytest.fixture
def published(sandbox: SandboxTransport, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is published to the broker, as text."""
    sent: list[str] = []

    class Broker:
        def send_task(self, *args: Any, **options: Any) -> None:
            sent.append(repr((args, options)))

    monkeypatch.setattr(queue, "current_app", Broker())
    return sent


@pytest.fixture
def logged() -> Iterator[Callable[[], str]]:
    """Return what reads all that was logged, at every level, and what is reported."""
    reports: list[str] = []

    class Reports(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            reports.append(json.dumps(make_event(record), default=str))

    root, handlers = logging.getLogger(), [Reports()]
    streams = [StringIO(), StringIO()]
    for stream, form in zip(
        streams, (RedactingFormatter(), JsonFormatter()), strict=True
    ):
        handler = logging.StreamHandler(stream)
        handler.setFormatter(form)
        handlers.append(handler)
    levels = {name: logging.getLogger(name).level for name in ("", "urllib3", "django")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    for handler in handlers:
        root.addHandler(handler)
    yield lambda: "\n".join([*reports, *(each.getvalue() for each in streams)])
    for handler in handlers:
        root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def staff(db: None) -> Client:
    user = User.objects.create_superuser("carol", "carol@example.com", PASSWORD)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    client = Client()
    client.force_login(user)
    prove(client, "password", "mfa")
    return client


def set_up_totp(client: Client) -> str:
    """Set up an authenticator app, and return its seed, which was shown once."""
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    seed = str(client.get(SET_UP).context["form"].secret)
    counter = next(totp.yield_hotp_counters_from_time())
    code = totp.format_hotp_value(totp.hotp_value(seed, counter + 1))
    client.post(SET_UP, {"code": code})
    assert Authenticator.objects.filter(user__username="alice").exists()
    return seed


def live_through_it(
    browser: Client, start: Any, consent: Any, wire: Wire, finish: Any
) -> set[str]:
    """Connect, fail, sync, refresh, write of it, end it; return secrets besides."""
    command = wire.inner.client.command
    asked: list[dict[str, str]] = []

    def come(**fault: Any) -> None:
        request = start()
        answer = consent(request)
        if fault:
            command("faults/add", family="token", count=1, **fault)
        come_back(browser, answer)
        asked.append(answer)

    come(kind="invalid_grant")
    come(kind="status", status=503)
    come()
    come_back(browser, asked[-1])
    connection = Connection.objects.get()
    finish(connection)
    refresh_now(Credential.objects.get())
    expire(Credential.objects.get())
    command("faults/add", family="token", count=1, kind="status", status=500)
    with pytest.raises(Exception):  # noqa: B017 - it is logged
        tokens.token_for(connection.pk)
    finish(connection)
    come()
    verifier = Secret("leaked-verifier-" + "v" * 40)
    state = oauth_state.issue(
        provider="airtable",
        user=connection.owner,
        session_nonce="leaked-session-nonce",
        code_verifier=verifier,
    )
    found = {verifier.reveal(), state.reveal(), "leaked-session-nonce"}
    return found | {each for a in asked for each in (a["state"], a["code"])}


def test_no_secret_is_left_where_it_can_be_read(
    alice: User,
    browser: Client,
    start: Any,
    consent: Any,
    wire: Wire,
    published: list[str],
    logged: Callable[[], str],
    staff: Client,
    finish_sync: Any,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    monkeypatch.setattr(settings, "NOTICE_WEBHOOK_URL", Secret(WEBHOOK))
    monkeypatch.setenv("BUNDLE_PASSPHRASE", PASSPHRASE)
    monkeypatch.setattr(bundle, "COST", 2)
    alice.set_password(PASSWORD)
    alice.save()
    browser.force_login(alice)
    for password in (WRONG, PASSWORD):
        form = {"login": alice.email, "password": password}
        Client().post("/accounts/login/", form)
    seed = set_up_totp(browser)
    with django_capture_on_commit_callbacks(execute=True):
        secrets = live_through_it(browser, start, consent, wire, finish_sync)
        values = {"channel": "webhook", "phase": "test", "due_at": timezone.now()}
        Notice.objects.create(**values)
        sending.send_due()
        schedule.enqueue_lost()
        schedule.sweep()
    connection = Connection.objects.get()
    secrets |= wire.passed | {PASSWORD, WRONG, seed, WEBHOOK, PASSPHRASE}
    secrets |= {settings.SECRET_KEY, settings.TOKEN_KEYS.reveal().partition(":")[2]}
    told = {}
    for command in COMMANDS:
        out = StringIO()
        try:
            call_command(*command, stdout=out, stderr=out)
        except BaseException as exc:  # noqa: BLE001 - what it says is searched as well
            out.write(repr(exc))
        told[" ".join(command)] = out.getvalue()
    shown = pages(browser, "/") | admin_pages(staff)
    exported = StringIO()
    path = tmp_path / "bundle"
    call_command(
        "export_connections", str(path), "--handover", stdout=exported, stderr=exported
    )
    told["export_connections"] = exported.getvalue()
    told["bundle"] = path.read_text("utf-8")
    rows = {"rows while connected": all_rows()}
    disconnect(connection, actor=alice, keep_items=True)
    schedule.enqueue_lost()
    schedule.sweep()
    rows |= {"rows after its end": all_rows(), "cache": all_cached()}
    logs = {"logs and reports": logged(), "messages": "\n".join(published)}
    mails = {"mails": "\n".join(str(each.message()) for each in mail.outbox)}

    assert len(shown) > 60
    assert {p for p, _ in where({connection.account_name}, shown)} > {"/", "/items/"}
    assert where({connection.remote_id}, rows)
    assert "DEBUG" in logs["logs and reports"]
    assert where(secrets, shown | told | rows | logs | mails) == []
    # A session is a row by its key; but nobody else sees it, nor does its owner.
    key = {browser.cookies[settings.SESSION_COOKIE_NAME].value}
    assert where(key, shown | told | logs | mails | {"cache": rows["cache"]}) == []
