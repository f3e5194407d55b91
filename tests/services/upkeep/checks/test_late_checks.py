"""A check that hangs is late; what waits behind it is unknown, and not waited for."""

import threading
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from integrations.services.upkeep import health, metrics, overview
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks import registry, runner
from integrations.services.upkeep.checks.check import Check, Result, Surface

pytestmark = pytest.mark.django_db(transaction=True)
HANGING = "workers"


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let one of the checks that read rows take longer than anybody waits."""
    go_on = threading.Event()

    def hang(_census: Census) -> Result:
        go_on.wait(60)
        return Result(ok=True)

    checks = [
        replace(check, probe=hang) if check.id == HANGING else check
        for check in registry.CHECKS
    ]
    monkeypatch.setattr(registry, "CHECKS", checks)
    for place in (health, metrics, overview):
        monkeypatch.setattr(place, "DEADLINE_SECONDS", 1.0)
    yield
    go_on.set()
    for each in list(runner._running.values()):
        assert each.done.wait(60)


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody but the checks read the census."""

    def refuse(*_args: object, **_kwargs: object) -> None:
        pytest.fail("the request reads the census that another thread is at")

    monkeypatch.setattr(overview, "_sections", refuse)
    monkeypatch.setattr(metrics, "_figures", refuse)


def behind(surface: Surface) -> set[str]:
    """Return the checks that come after the one that hangs, in its thread."""
    ids = [check.id for check in registry.checks_at(surface) if check.reads_rows]
    return set(ids[ids.index(HANGING) + 1 :])


@pytest.mark.usefixtures("hanging")
def test_what_waits_behind_a_check_that_hangs_is_not_said_to_be_broken() -> None:
    checks = registry.checks_at(Surface.PANEL)

    results = runner.run(checks, deadline=1.0)

    failed = {check.id for check, _ in runner.failures_of(checks, results)}
    assert results[HANGING].error == "NoAnswer"
    assert HANGING in failed
    waiting = behind(Surface.PANEL)
    assert {results[each].error for each in waiting} == {"NotReached"}
    assert not failed & waiting
    assert health.report()[HANGING]["error"] == "NoAnswer"


@pytest.mark.usefixtures("hanging", "no_figures")
def test_figures_are_left_out_while_another_thread_reads_them() -> None:
    found = overview.take()
    told = StringIO()
    call_command("status", stdout=told)

    assert found.sections == []
    assert found.note in told.getvalue()
    assert "no figures" in found.note


@pytest.mark.usefixtures("hanging", "no_figures")
def test_a_scrape_tells_nothing_of_what_is_unknown() -> None:
    told = samples()

    assert told[HANGING] == 0.0
    assert not behind(Surface.PANEL) & told.keys()


def test_a_check_that_follows_from_another_has_no_sample() -> None:
    # Nothing works on any queue here.
    told = samples()

    assert told["scheduler"] == told["workers"] == 0.0
    assert told["queues"] == 1.0
    follows = Check(
        id="follows",
        title="",
        advice="",
        probe=lambda _census: Result(ok=False),
        surfaces=frozenset(Surface),
        needs=("scheduler",),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "CHECKS", (*registry.CHECKS, follows))
        assert "follows" not in samples()


def samples() -> dict[str, float]:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        sample.labels["check"]: sample.value
        for family in families
        for sample in family.samples
        if sample.name == "mooring_check_passes"
    }
