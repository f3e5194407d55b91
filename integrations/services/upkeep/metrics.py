"""Metrics for Prometheus: counters of all processes, and figures of the census."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from django.conf import settings
from django.db import DatabaseError
from msgspec import Struct
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric as Family

from integrations.providers import SPECS
from integrations.services.common import metrics
from integrations.services.common.metrics import COUNTED, INFINITE, Metric
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks import processes, registry, reports, runner
from integrations.services.upkeep.checks.check import Check, Result, Surface

DEADLINE_SECONDS = 2.0
TOLD_AT = (Surface.PANEL, Surface.READY)
SECONDS_OF_A_DAY = 86_400
Values = Iterator[tuple[Sequence[str], float]]


class Gauge(Struct, frozen=True, kw_only=True):
    """A figure that is taken when it is asked for."""

    name: str
    description: str
    labels: tuple[str, ...] = ()


CHECKS = Gauge(
    name="mooring_check_passes",
    description="1 where a check passes, 0 where not; none where it is unknown.",
    labels=("check", "severity"),
)
MACHINES = Gauge(
    name="mooring_machine_check_passes",
    description="1 where a check of one machine passes there, 0 where it does not.",
    labels=("check", "machine"),
)
CONNECTIONS = Gauge(
    name="mooring_connections",
    description="Connections by provider and state.",
    labels=("provider", "state"),
)
WATCHED = Gauge(
    name="mooring_connections_watched",
    description="Connections at_risk, overdue, stale or near_quota.",
    labels=("provider", "figure"),
)
WORK = Gauge(
    name="mooring_work",
    description="Open syncs and edits by state.",
    labels=("kind", "state"),
)
WORK_AGE = Gauge(
    name="mooring_work_age_seconds",
    description="How long the oldest sync or edit has waited that is due.",
    labels=("kind",),
)
HEARTBEATS = Gauge(
    name="mooring_heartbeat_age_seconds",
    description="Seconds since a scheduler's tick or a queue's worker did its work.",
    labels=("name",),
)
PAUSED = Gauge(
    name="mooring_provider_paused",
    description="1 while nobody asks a provider for tokens.",
    labels=("provider",),
)
VERSIONS = Gauge(
    name="mooring_api_version_left_seconds",
    description="Seconds until a version in use ends, where that is known.",
    labels=("provider", "purpose", "version"),
)
TABLES = Gauge(
    name="mooring_table_rows",
    description="About how many rows a table that grows has, measured hourly.",
    labels=("table",),
)
DATABASE = Gauge(name="mooring_database_bytes", description="Size of the database.")
TAKEN = (
    CHECKS,
    MACHINES,
    CONNECTIONS,
    WATCHED,
    WORK,
    WORK_AGE,
    HEARTBEATS,
    PAUSED,
    VERSIONS,
    TABLES,
    DATABASE,
)


class _Collector:
    """Collector that reads everything when it is scraped."""

    def collect(self) -> Iterable[Family]:
        yield from _counters(metrics.read())
        census, checks = Census(is_whole=True), registry.checks_at(*TOLD_AT)
        results = runner.run(checks, deadline=DEADLINE_SECONDS, census=census)
        has_rows = runner.have_rows_answered(checks, results)
        if has_rows:
            with suppress(DatabaseError):
                checks, results = reports.everything(
                    results, registry.CHECKS, now=census.now
                )
        unknown = runner.unknown_in(checks, results)
        rows: Values = (
            ((check.id, check.severity.value), float(results[check.id].ok))
            for check in checks
            if check.id not in unknown
        )
        yield _gauge(CHECKS, rows)
        yield _gauge(MACHINES, _machines(checks, results))
        yield _gauge(TABLES, _tables(results))
        if not has_rows:
            # Another thread is at the census, for longer than a scrape can wait.
            return
        try:
            yield from _figures(census)
        except DatabaseError:
            # That it does not answer is told by its check.
            return


def exposition() -> bytes:
    """Return all metrics in the text format of Prometheus."""
    registry_of_one = CollectorRegistry(auto_describe=False)
    registry_of_one.register(_Collector())
    return generate_latest(registry_of_one)


def _counters(sums: dict[metrics.Sample, float]) -> Iterator[Family]:
    by_name: dict[str, dict[metrics.Sample, float]] = defaultdict(dict)
    for sample, number in sums.items():
        by_name[sample[0]][sample[1:]] = number
    for metric in COUNTED:
        found = by_name[metric.name]
        yield _histogram(metric, found) if metric.buckets else _counter(metric, found)


def _counter(metric: Metric, found: dict[metrics.Sample, float]) -> Family:
    family = CounterMetricFamily(
        metric.name, metric.description, labels=list(metric.labels)
    )
    for labels, number in sorted(found.items()):
        family.add_metric(labels, number)
    return family


def _histogram(metric: Metric, found: dict[metrics.Sample, float]) -> Family:
    family = HistogramMetricFamily(
        metric.name, metric.description, labels=list(metric.labels)
    )
    bounds = [*map(str, metric.buckets), INFINITE]
    for labels in sorted({sample[:-1] for sample in found}):
        total, buckets = 0.0, []
        for bound in bounds:
            total += found.get((*labels, bound), 0.0)
            buckets.append((bound, total))
        family.add_metric(labels, buckets, found.get((*labels, "sum"), 0.0))
    return family


def _gauge(gauge: Gauge, values: Values) -> Family:
    family = GaugeMetricFamily(gauge.name, gauge.description, labels=list(gauge.labels))
    for labels, number in values:
        family.add_metric(labels, number)
    return family


def _figures(census: Census) -> Iterator[Family]:
    yield _gauge(CONNECTIONS, _connections(census))
    yield _gauge(WATCHED, _watched(census))
    counted = ((w.kind, w.key, w.number) for w in census.work)
    open_ones = (each for each in counted if each[0] in {"run", "edit"})
    yield _gauge(WORK, (((kind, key), number) for kind, key, number in open_ones))
    yield _gauge(WORK_AGE, _ages(census))
    yield _gauge(HEARTBEATS, _heartbeats(census))
    yield _gauge(PAUSED, _paused(census))
    yield _gauge(VERSIONS, _versions(census))
    size = census.database_bytes
    yield _gauge(DATABASE, iter([((), float(size))] if size else []))


def _machines(checks: Iterable[Check], results: Mapping[str, Result]) -> Values:
    for check in checks:
        told = results[check.id].facts.get("machines", {})
        for machine, is_ok in told.items():
            yield (check.id, machine), float(is_ok)


def _tables(results: Mapping[str, Result]) -> Values:
    told = results.get("retention")
    for name, size in (told.facts.get("tables", {}) if told else {}).items():
        yield (name,), float(size["rows"])


def _connections(census: Census) -> Values:
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for group in census.connections:
        sums[group.provider, group.state] += group.number
    yield from sums.items()


def _watched(census: Census) -> Values:
    for slug in SPECS:
        groups = [group for group in census.connections if group.provider == slug]
        for figure in ("at_risk", "overdue", "stale", "near_quota"):
            yield (slug, figure), census.total(figure, groups)


def _ages(census: Census) -> Values:
    for kind, oldest in (("run", census.oldest_run), ("edit", census.oldest_edit())):
        waited = (census.now - oldest).total_seconds() if oldest else 0.0
        yield (kind,), max(0.0, waited)


def _heartbeats(census: Census) -> Values:
    for name in (*processes.TICKS, *processes.WORKERS):
        if name in census.heartbeats:
            age = (census.now - census.heartbeats[name]).total_seconds()
            yield (name,), age


def _paused(census: Census) -> Values:
    for slug in SPECS:
        state = census.provider_states.get(slug)
        yield (slug,), float(state is not None and state.is_paused)


def _versions(census: Census) -> Values:
    for slug, spec in SPECS.items():
        for used in spec.used_versions(settings.PROVIDERS[slug]):
            left = used.days_left(census.now.date())
            if left is not None:
                yield (slug, used.purpose, used.name), left * SECONDS_OF_A_DAY
