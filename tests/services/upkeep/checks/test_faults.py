"""Each fault is named by the checks that have to see it, and by no other."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import cache
from importlib import metadata
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from integrations.models import Incident
from integrations.services.common import queue, signs_of_life
from integrations.services.common.clients import oauth_clients
from integrations.services.notices import watch
from integrations.services.upkeep import health, metrics, overview, schedule
from integrations.services.upkeep.checks import machine, registry, reports, runner
from integrations.services.upkeep.checks.check import Result
from tests.services.upkeep.checks import faults
from tests.services.upkeep.checks.faults import FAULTS, FaultySite
from tests.services.upkeep.checks.seeded import (
    of_grants,
    of_servers,
    of_site,
    of_work,
)
from tests.support.site_transport import SiteTransport

# The checks run in threads, which see what is committed.
pytestmark = pytest.mark.django_db(transaction=True)
DEADLINE = 10.0
# Each has registered its faults.
SEEDED = (of_servers, of_work, of_grants, of_site)
# To read the packages' own files each time would be a tenth of all work.
VERSION_OF = cache(metadata.version)


@pytest.fixture(autouse=True)
def no_network() -> None:
    """Let this file through: what is seeded is a server that is not there, or bad."""


@pytest.fixture
def site(
    alice: User,
    sandbox: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[FaultySite]:
    transport = SiteTransport(sandbox)
    monkeypatch.setattr(oauth_clients, "transport", lambda: transport)
    # A busy machine is not the fault that is looked for.
    for place in (health, metrics, overview, watch):
        monkeypatch.setattr(place, "DEADLINE_SECONDS", DEADLINE)
    monkeypatch.setattr(machine.metadata, "version", VERSION_OF)
    # The broker of the tests has no queues to measure.
    monkeypatch.setattr(queue, "waiting", lambda _name: 0)
    var_dir = tmp_path / "var"
    var_dir.mkdir(mode=0o700)
    settings.VAR_DIR = var_dir
    cleanup = ExitStack()
    connected = faults.connect(alice)
    made = FaultySite(settings, monkeypatch, transport, connected, var_dir, cleanup)
    broker = current_app.conf.broker_url
    faults.healthy(made)
    for name in schedule.TICKS:
        signs_of_life.beat(f"scheduler.{name}")
    for name in django_settings.QUEUES:
        signs_of_life.beat(f"worker.{name}")
    migrations = faults.applied()
    with cleanup:
        yield made
    current_app.conf.broker_url = broker
    # The only table that is not emptied behind a test.
    for each in set(migrations) - set(faults.applied()):
        MigrationRecorder(connection).record_applied(*each)


def named() -> set[str]:
    checks = registry.CHECKS
    results = runner.run(checks, deadline=DEADLINE)
    return {check.id for check, _ in runner.failures_of(checks, results)}


def told() -> dict[str, set[str]]:
    """Return which checks fail by each place where operators look, within a look."""
    now = timezone.now()
    reports.report_machine(now=now)
    watch.watch_site(now=now)
    panel = overview.take()
    families = text_string_to_metric_families(metrics.exposition().decode())
    gauge = next(each for each in families if each.name == "mooring_check_passes")
    incidents = Incident.objects.filter(resolved_at__isnull=True)
    return {
        "panel": {check.id for check, _ in panel.failed},
        "metrics": {each.labels["check"] for each in gauge.samples if not each.value},
        "notices": set(incidents.values_list("kind", flat=True)),
    }


def test_a_healthy_start_names_nothing(site: FaultySite) -> None:
    assert named() == set()
    assert told() == {"panel": set(), "metrics": set(), "notices": set()}
    # And nothing is kept from anybody.
    gauge = metrics.exposition().decode()
    assert {check.id for check in registry.CHECKS} == set(
        re.findall(r'mooring_check_passes{check="(\w+)"', gauge)
    )
    assert overview.take().passed == len(registry.CHECKS)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_everywhere(site: FaultySite, name: str) -> None:
    expected, seed = FAULTS[name]
    # They were well before: a machine that never could ask has no say.
    well = {check.id: Result(ok=True) for check in registry.of_site()}
    reports.store_site(well, now=timezone.now() - timedelta(hours=2))
    seed(site)
    began = time.monotonic()

    # The panel runs or reads every check; `doctor` runs them as the panel does.
    for place, checks in told().items():
        assert checks == expected, place
    assert time.monotonic() - began < DEADLINE


def test_every_check_has_a_fault_that_it_names() -> None:
    seen = set().union(*(checks for checks, _ in FAULTS.values()))
    # A database that takes no write is another test's: nothing could be seeded in it.
    assert seen | {"database"} == {check.id for check in registry.CHECKS}
    assert len(FAULTS) >= 30


def test_doctor_says_what_to_do_and_repairs_what_is_safe(site: FaultySite) -> None:
    out = StringIO()
    call_command("doctor", stdout=out)
    assert "0 do not" in out.getvalue()

    for fault in ("a_tick_is_switched_off", "others_may_read_the_secrets"):
        FAULTS[fault][1](site)
    with pytest.raises(CommandError, match="broken: files, schedule"):
        call_command("doctor", stdout=out)
    assert "Close them: `manage.py doctor --fix`" in out.getvalue()

    told = StringIO()
    call_command("doctor", "--fix", "--json", stdout=told)

    report = json.loads(told.getvalue())
    assert report["ok"] is True
    assert set(report["repaired"]) == {"files", "schedule"}
    assert {each["state"] for each in report["checks"]} == {"passed"}


def test_a_warning_alone_is_no_failure_of_the_command(site: FaultySite) -> None:
    FAULTS["a_version_ends_soon"][1](site)
    out = StringIO()

    call_command("doctor", "sunsets", "disk", stdout=out)

    assert "WARNING sunsets" in out.getvalue()
    assert "HUBSPOT_TOKEN_URL" in out.getvalue()


def test_what_only_follows_from_another_fault_is_not_named(site: FaultySite) -> None:
    FAULTS["nothing_listens_where_the_broker_is"][1](site)
    told = StringIO()

    with pytest.raises(CommandError, match=r"broken: broker$"):
        call_command("doctor", "--json", stdout=told)

    states = {
        each["id"]: each["state"] for each in json.loads(told.getvalue())["checks"]
    }
    assert states["broker_memory"] == states["redis_version"] == "unknown"
