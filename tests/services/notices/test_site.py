"""Operators are told by mail and webhook of each check that stops passing."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from celery import current_app
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations import tasks
from integrations.http.secrets import Secret
from integrations.management.commands.notices import Command
from integrations.models import Heartbeat, Incident, Notice, ProviderState
from integrations.services.common import signs_of_life
from integrations.services.notices import incidents, sending, watch
from integrations.services.upkeep import schedule
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks import processes, registry
from integrations.services.upkeep.checks.check import Check, Result
from tests.real.support.processes import wait_until
from tests.support.provider_answers.raw_server import RawServer, answer, serving

# The checks run in threads, which see what is committed.
pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)
ONLY = ("database", "broker", "provider_paused", "notices")


@pytest.fixture(autouse=True)
def no_network() -> None:
    """Let this file through: it speaks to a receiver of its own, on loopback."""


@pytest.fixture(autouse=True)
def few_checks(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    checks = tuple(each for each in registry.CHECKS if each.id in ONLY)
    monkeypatch.setattr(registry, "CHECKS", checks)
    settings.ADMINS = [("", "ops@example.com")]
    # The broker is well, unless a test says otherwise.
    former = current_app.conf.broker_url
    current_app.conf.broker_url = "memory://"
    yield
    current_app.conf.broker_url = former


@pytest.fixture
def receiver(settings: Any) -> Iterator[RawServer]:
    with serving(lambda c: c.sendall(answer(b"ok"))) as server:
        settings.NOTICE_WEBHOOK_URL = Secret(f"{server.url}/services/T0/B0/secret")
        yield server


def refuse(provider: str = "hubspot") -> None:
    ProviderState.objects.create(
        provider=provider,
        paused_until=timezone.now() + MINUTE,
        reason="client_rejected",
        detail="status 401, error <invalid_client> & more",
    )


def tick(minutes: float) -> None:
    now = timezone.now() + minutes * MINUTE
    watch.watch_site(now=now)
    sending.send_due(now=now)


def test_a_check_that_fails_is_told_within_a_minute_by_both_ways(
    receiver: RawServer,
) -> None:
    refuse()
    tick(0)
    tick(0.5)
    tick(2)

    assert [m.to for m in mail.outbox] == [["ops@example.com"]]
    assert "provider_paused" in mail.outbox[0].subject
    assert "docs/runbook.md#provider_paused" in str(mail.outbox[0].body)
    assert receiver.connections == 1
    head, _, body = receiver.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /services/T0/B0/secret HTTP")
    # It may come behind what is answered already.
    wait_until(lambda: body or len(receiver.requests) > 1, "the body")
    told = json.loads(body or receiver.requests[1])
    assert set(told) == {"text"}
    assert "&lt;invalid_client&gt; &amp; more" in told["text"]


@pytest.fixture
def with_processes(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Check the processes, all of which were alive an hour ago; return that time."""
    wanted = {check.id: check for check in processes.CHECKS}
    checks = (*registry.CHECKS, wanted["scheduler"], wanted["workers"])
    monkeypatch.setattr(registry, "CHECKS", checks)
    now = timezone.now() - 60 * MINUTE
    all_beat(now)
    return now


def all_beat(at: datetime) -> None:
    Heartbeat.objects.all().delete()
    names = (*processes.TICKS, *processes.WORKERS)
    Heartbeat.objects.bulk_create(Heartbeat(name=each, at=at) for each in names)


def look(at: datetime) -> None:
    with time_machine.travel(at, tick=False):
        watch.watch_site(now=at)
        sending.send_due(now=at)


@pytest.mark.parametrize("stopped_for", [46, 50, 59, 61, 3600])
def test_processes_that_start_after_a_stop_are_no_news(
    with_processes: datetime, stopped_for: int
) -> None:
    seconds = timedelta(seconds=1)
    now = with_processes
    look(now)
    now += stopped_for * seconds
    look(now)
    assert Incident.objects.filter(kind="workers").exists()
    look(now + 15 * seconds)
    for passed in (30, 45, 60, 75, 90):
        alive = Heartbeat.objects.exclude(name__startswith="notices.")
        alive.update(at=now + (passed - 5) * seconds)
        look(now + passed * seconds)

    assert mail.outbox == []


def test_what_is_seen_soon_after_a_start_has_the_rest_of_its_minute(
    with_processes: datetime,
) -> None:
    now = with_processes
    look(now)
    ProviderState.objects.create(
        provider="hubspot",
        paused_until=now + 9 * MINUTE,
        reason=ProviderState.CLIENT_REJECTED,
        since=now,
    )
    look(now + timedelta(seconds=15))

    notice = Notice.objects.get(incident__kind="provider_paused")
    assert notice.due_at == now + MINUTE


def test_processes_that_fall_silent_while_somebody_looks_are_told_at_once(
    with_processes: datetime,
) -> None:
    last = with_processes
    told_after = None
    for seconds in range(0, 300, 15):
        look(last + timedelta(seconds=seconds))
        if mail.outbox and told_after is None:
            told_after = seconds

    assert told_after is not None
    assert told_after <= 60


def test_each_provider_that_refuses_is_told_and_ends_by_itself(
    receiver: RawServer,
) -> None:
    refuse()
    tick(0)
    tick(1)
    refuse("notion")
    tick(2)
    tick(3)
    ProviderState.objects.filter(provider="hubspot").delete()
    for minutes in (4, 8, 10, 12):
        tick(minutes)

    subjects = [message.subject for message in mail.outbox]
    assert [("hubspot" in each, "notion" in each) for each in subjects] == [
        (True, False),
        (False, True),
        (True, False),
    ]
    assert subjects[2].startswith("[Mooring] Over: ")


def test_what_is_asked_sparingly_is_asked_again_soon_while_it_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [True, False, False, True, True]
    asked: list[bool] = []

    def probe(_census: Census) -> Result:
        asked.append(answers[len(asked)])
        return Result(ok=asked[-1])

    spaced = Check(
        id="mail",
        title="The mail server lets us in",
        advice="",
        probe=probe,
        spacing=10 * MINUTE,
    )
    monkeypatch.setattr(registry, "CHECKS", (spaced,))
    for minutes in (0, 5, 11, 11.25, 11.6, 12.2, 12.8):
        with time_machine.travel(timezone.now() + minutes * MINUTE):
            tick(0)

    # Asked twice a minute while it is not known to be over.
    assert asked == answers


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Result(ok=False, found="b", parts={"two": "b"}), ["one"]),
        (Result(ok=False, error="NoAnswer", found="no answer"), []),
        (Result(ok=True), ["one"]),
    ],
)
def test_a_part_is_over_when_its_check_says_so(
    monkeypatch: pytest.MonkeyPatch, answer: Result, told: list[str]
) -> None:
    answers = [Result(ok=False, found="a", parts={"one": "a"})]
    check = Check(
        id="sunsets",
        title="No version ends",
        advice="",
        probe=lambda _census: answers[-1],
    )
    monkeypatch.setattr(registry, "CHECKS", (check,))
    tick(0)
    answers.append(answer)
    for minutes in (1, 4, 8, 12):
        tick(minutes)

    ended = Incident.objects.filter(resolved_at__isnull=False)
    assert [each.subject for each in ended] == told


def test_what_an_older_release_told_as_a_whole_goes_on_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check = Check(
        id="sunsets",
        title="No version ends",
        advice="",
        probe=lambda _: Result(ok=False, found="a", parts={"one": "a"}),
    )
    monkeypatch.setattr(registry, "CHECKS", (check,))
    Incident.objects.create(kind="sunsets", subject=Incident.SITE, title="a")
    for minutes in (0, 4, 8, 12):
        tick(minutes)

    assert not Incident.objects.filter(
        subject=Incident.SITE, resolved_at__isnull=True
    ).exists()
    assert not Notice.objects.filter(phase="resolved").exists()


def test_the_first_look_does_not_miss_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = next(each for each in processes.CHECKS if each.id == "scheduler")
    monkeypatch.setattr(registry, "CHECKS", (scheduler,))
    for name in schedule.TICKS:
        if name != "watch":
            signs_of_life.beat(f"scheduler.{name}")

    tasks.watch()

    assert not Incident.objects.exists()


def test_its_end_is_told_once_it_has_lasted(receiver: RawServer) -> None:
    refuse()
    tick(0)
    tick(1)
    ProviderState.objects.all().delete()
    for minutes in (2, 4, 8, 9):
        tick(minutes)

    assert len(mail.outbox) == 2
    assert mail.outbox[1].subject.startswith("[Mooring] Over: ")
    assert receiver.connections == 2


def test_a_refusal_that_comes_and_goes_is_told_once(receiver: RawServer) -> None:
    for minutes in (0, 2, 4, 6):
        refuse()
        tick(minutes)
        tick(minutes + 0.5)
        ProviderState.objects.all().delete()
        tick(minutes + 1)

    assert len(mail.outbox) == 1
    assert receiver.connections == 1


def test_a_part_that_is_restarted_is_not_told_of(receiver: RawServer) -> None:
    refuse()
    tick(0)
    ProviderState.objects.all().delete()
    for minutes in (0.5, 6, 7):
        tick(minutes)

    assert mail.outbox == []
    assert receiver.connections == 0


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (answer(b"no_service", status="404 Not Found"), "status 404"),
        (
            answer(b"", status="302 Found", headers="Location: https://x.example\r\n"),
            "status 302",
        ),
        (b"", ""),
    ],
)
def test_a_receiver_that_refuses_is_tried_again_and_seen(
    settings: Any, reply: bytes, error: str
) -> None:
    settings.ADMINS = []
    with serving(lambda c: c.sendall(reply) if reply else c.close()) as server:
        settings.NOTICE_WEBHOOK_URL = Secret(f"{server.url}/secret")
        refuse()
        for minutes in (0, 1, 3):
            tick(minutes)

    notice = Notice.objects.get(incident__kind="provider_paused")
    assert (notice.state, notice.tries) == ("waiting", 2)
    assert notice.error
    assert error in notice.error
    assert "secret" not in notice.error
    found = next(each for each in registry.CHECKS if each.id == "notices")
    assert not found.probe(Census()).ok


def test_a_plain_address_elsewhere_is_not_called(settings: Any) -> None:
    settings.ADMINS = []
    settings.NOTICE_WEBHOOK_URL = Secret("http://hooks.example.com/secret")
    refuse()
    tick(0)
    tick(1)

    notice = Notice.objects.get(incident__kind="provider_paused")
    assert (notice.state, notice.error) == ("waiting", "the address must be https")


def test_a_mail_server_that_is_down_is_waited_for(settings: Any) -> None:
    backend, settings.EMAIL_BACKEND = (
        settings.EMAIL_BACKEND,
        "django.core.mail.backends.smtp.EmailBackend",
    )
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    refuse()
    tick(0)
    tick(1)
    assert Notice.objects.get().error == "ConnectionRefusedError"
    settings.EMAIL_BACKEND = backend

    tick(3)

    assert len(mail.outbox) == 1
    assert (Notice.objects.get().state, Notice.objects.get().error) == ("sent", "")


def test_a_process_of_its_own_tells_of_a_broker_that_is_gone(
    receiver: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    current_app.conf.broker_url = "redis://127.0.0.1:9/0"
    looks = iter((timedelta(), timedelta(seconds=21)))
    for name, ago in ((watch.LOOKED, timedelta()), (watch.BEGAN, 9 * MINUTE)):
        Heartbeat.objects.create(name=name, at=timezone.now() - ago)
    start = timezone.now()

    def pass_time(_seconds: float) -> None:
        ahead = next(looks, None)
        if ahead is None:
            raise KeyboardInterrupt
        monkeypatch.setattr(timezone, "now", lambda: start + ahead)

    monkeypatch.setattr(Command, "sleep", staticmethod(pass_time))

    with pytest.raises(KeyboardInterrupt):
        call_command("notices", "--every", "15")

    assert ["broker" in m.subject for m in mail.outbox] == [True]
    assert receiver.connections == 1


def test_the_command_tries_both_ways_and_says_which_was_refused(
    receiver: RawServer, settings: Any
) -> None:
    call_command("notices", "--test")
    assert len(mail.outbox) == 1
    assert receiver.connections == 1
    receiver.close()

    with pytest.raises(CommandError) as caught:
        call_command("notices", "--test")

    assert "webhook" in str(caught.value)
    assert "mail" not in str(caught.value)
    settings.ADMINS, settings.NOTICE_WEBHOOK_URL = [], Secret("")
    assert incidents.site_channels() == []
    with pytest.raises(CommandError):
        call_command("notices", "--test")
