"""Each machine reports for itself; what others report is told under their names."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from msgspec.structs import replace

from integrations.models import CheckReport, Incident
from integrations.services.common import queue
from integrations.services.notices import watch
from integrations.services.upkeep import health, metrics, overview, retention
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks import registry, reports
from integrations.services.upkeep.checks.check import SEEN, Check, Result

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


def well(name: str) -> Check:
    return Check(id=name, title="", advice="", probe=lambda _: Result(ok=True))


@pytest.fixture(autouse=True)
def few_checks(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.CACHE_URL = tmp_path, "memory://"
    [real] = [each for each in registry.CHECKS if each.id == "var_dir"]
    let(monkeypatch, real)
    monkeypatch.setattr(queue, "waiting", lambda _name: 0)


def let(monkeypatch: pytest.MonkeyPatch, check: Check) -> None:
    """Let there be one check, beside those that the panel leans on."""
    leant_on = [replace(well(n), surfaces=SEEN) for n in ("broker", "cache")]
    monkeypatch.setattr(registry, "CHECKS", (check, *leant_on))


def report(monkeypatch: pytest.MonkeyPatch, machine: str, **at: Any) -> bool:
    monkeypatch.setattr(reports, "machine_name", lambda: machine)
    return reports.report_machine(now=at.get("now", timezone.now()))


def break_disk(var_dir: Path) -> None:
    (var_dir / "fallback_store").rmdir()
    (var_dir / "fallback_store").write_text("not a directory")


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let one machine report that it is well, another one that it is not."""
    report(monkeypatch, "web-1")
    break_disk(tmp_path)
    report(monkeypatch, "web-2")
    (tmp_path / "fallback_store").unlink()
    monkeypatch.setattr(reports, "machine_name", lambda: "web-1")


@pytest.mark.usefixtures("two")
def test_a_fault_of_one_machine_is_told_by_its_name() -> None:
    [(check, result)] = overview.take().failed
    assert check.id == "var_dir"
    assert list(result.parts) == ["web-2"]

    text = metrics.exposition().decode()
    assert 'mooring_check_passes{check="var_dir",severity="error"} 0.0' in text
    gauge = "mooring_machine_check_passes"
    assert f'{gauge}{{check="var_dir",machine="web-1"}} 1.0' in text
    assert f'{gauge}{{check="var_dir",machine="web-2"}} 0.0' in text

    watch.watch_site(now=timezone.now())
    incident = Incident.objects.get()
    assert (incident.kind, incident.subject) == ("var_dir", "web-2")

    told = StringIO()
    with pytest.raises(CommandError, match="var_dir"):
        call_command("doctor", "var_dir", stdout=told)
    assert "web-2: " in told.getvalue()


@pytest.mark.usefixtures("two")
def test_a_probe_judges_the_machine_that_it_asks() -> None:
    part = health.report()["var_dir"]

    assert (part["ok"], part["machine"]) == (True, "web-1")


@pytest.mark.usefixtures("two")
def test_a_machine_that_is_gone_says_nothing_and_is_forgotten() -> None:
    later = timezone.now() + 5 * MINUTE
    found = reports.read(registry.of_machine(), now=later)
    assert found == {}

    retention.prune(now=timezone.now() + timedelta(days=2))

    assert not CheckReport.objects.exists()


def test_one_process_of_a_machine_reports_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = timezone.now()

    assert report(monkeypatch, "web-1", now=now)
    assert not report(monkeypatch, "web-1", now=now + timedelta(seconds=10))
    assert report(monkeypatch, "web-2", now=now)
    assert report(monkeypatch, "web-1", now=now + MINUTE)
    assert CheckReport.objects.count() == 2


@pytest.mark.parametrize("has_passed", [False, True])
def test_a_machine_that_never_could_ask_has_no_say(
    monkeypatch: pytest.MonkeyPatch, has_passed: bool
) -> None:
    answers = [has_passed, False]

    def probe(_census: Census) -> Result:
        return Result(ok=answers.pop(0), found="not reached")

    check = Check(
        id="public_address",
        title="The site answers",
        advice="",
        probe=probe,
        spacing=MINUTE,
        needs_route=True,
    )
    let(monkeypatch, check)
    for minutes in (-2, 0):
        watch.watch_site(now=timezone.now() + minutes * MINUTE)

    assert [each.id for each, _ in overview.take().failed] == (
        ["public_address"] if has_passed else []
    )
    assert Incident.objects.exists() is has_passed
