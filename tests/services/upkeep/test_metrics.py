"""Metrics: what is counted, by all processes, and whom it is told."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from django.db import transaction
from django.test import Client, override_settings
from prometheus_client.parser import text_string_to_metric_families
from redis.exceptions import TimeoutError as RedisTimeoutError

from integrations.http.observability.endpoints import endpoint_of
from integrations.http.secrets import Secret
from integrations.models import Connection, Edit
from integrations.services.common import metrics
from integrations.services.grants import refresh
from integrations.services.upkeep.metrics import exposition
from integrations.services.writing.delivering import lease
from tests.services.fixtures import FinishSync
from tests.support.rows import make_collection

# What is counted is counted once it is committed.
pytestmark = pytest.mark.django_db(transaction=True)
ELSEWHERE = "203.0.113.7"
Told = Callable[..., float]


@pytest.fixture
def told(db: None) -> Told:
    """Return how much a sample has grown since the test began."""
    before = _samples()

    def grown(name: str, **labels: str) -> float:
        after = _samples()
        return sum(
            value - before.get(key, 0.0)
            for key, value in after.items()
            if key[0] == name and labels.items() <= dict(key[1]).items()
        )

    return grown


def _samples() -> dict[Any, float]:
    families = text_string_to_metric_families(exposition().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_sync_is_counted_with_its_items_and_its_calls(
    connection: Connection, finish_sync: FinishSync, told: Told
) -> None:
    run = finish_sync(connection)

    run.refresh_from_db()
    assert told("mooring_syncs_total", provider="hubspot", outcome="complete") == 1
    assert told("mooring_items_total", change="created") == run.created > 0
    assert told("mooring_provider_calls_total", status="200") == run.requests
    contacts = "GET /crm/objects/2026-09/contacts"
    assert told("mooring_provider_calls_total", endpoint=contacts) >= 1
    assert told("mooring_connections", state="active") == 0
    connection.refresh_from_db()
    assert connection.calls_today == run.requests


def test_a_refresh_and_an_edit_are_counted_by_outcome(
    connection: Connection, told: Told
) -> None:
    refresh.refresh_credential(connection.pk, seen_version=1, why="test")
    assert told("mooring_refreshes_total", outcome="refreshed") == 1

    edit = Edit.objects.create(
        connection=connection,
        collection=make_collection(connection),
        verb=Edit.Verb.UPDATE,
        order_key="one",
    )
    Connection.objects.update(is_editing=True)
    claimed = lease.claim(edit.pk, now=edit.created_at)
    assert claimed is not None
    lease.end(claimed[0], claimed[1], Edit.State.REFUSED, None)
    assert told("mooring_edits_total", verb="update", outcome="refused") == 1


def test_the_time_of_a_page_is_observed_by_its_view(client: Client, told: Told) -> None:
    client.get("/accounts/login/")
    client.get("/accounts/login/")
    client.get("/no-such-page/")

    count = "mooring_page_seconds_count"
    assert told(count, view="account_login", status="2xx") == 2
    assert told("mooring_page_seconds_bucket", view="account_login", le="+Inf") == 2
    assert told(count) == 2


def test_what_is_rolled_back_is_not_counted(told: Told) -> None:
    with transaction.atomic():
        metrics.count(metrics.SYNCS, provider="x", trigger="user", outcome="complete")
        transaction.set_rollback(True)

    assert told("mooring_syncs_total", provider="x") == 0


def test_what_redis_does_not_take_is_kept(told: Told) -> None:
    metrics.count(metrics.WAITS, 3, provider="x")
    metrics.flush()
    metrics.count(metrics.WAITS, 4, provider="x")

    assert told("mooring_wait_seconds_total", provider="x") == 7


def test_what_redis_took_before_its_answer_was_late_is_not_counted_twice(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = mock.MagicMock()
    late.pipeline.return_value.execute.side_effect = RedisTimeoutError
    metrics.count(metrics.WAITS, 3, provider="x")
    with monkeypatch.context() as patched:
        patched.setattr(metrics, "get_redis_connection", lambda: late)
        metrics.flush()

    assert late.pipeline.return_value.hincrbyfloat.called
    assert told("mooring_wait_seconds_total", provider="x") == 0


def test_metrics_are_told_to_operators_only(client: Client) -> None:
    with override_settings(HEALTH_TOKEN=Secret("of-monitors")):
        bearer = {"authorization": "Bearer of-monitors"}
        stranger = client.get("/metrics", REMOTE_ADDR=ELSEWHERE)
        scraped = client.get("/metrics", REMOTE_ADDR=ELSEWHERE, headers=bearer)

    assert stranger.status_code == 403
    assert b"mooring" not in stranger.content
    assert scraped.status_code == 200
    assert scraped["Content-Type"].startswith("text/plain")
    assert client.post("/metrics").status_code == 405


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/crm/objects/2026-09/contacts/123", "/crm/objects/2026-09/contacts/:id"),
        ("/appAAAAAAAAAAAAA1/tblB/recC", "/:id/:id/:id"),
        ("/v1/pages/2f1c0000-aaaa-4000-8000-000000000001", "/v1/pages/:id"),
        ("/meta/bases", "/meta/bases"),
        ("/contacts/ann%40example.com?x=1", "/contacts/:id"),
        ("/" + "a" * 200, "/:id"),
        ("/Tasks", "/:id"),
        ("", ""),
    ],
)
def test_the_class_of_an_endpoint_names_nobodys_things(
    path: str, expected: str
) -> None:
    assert endpoint_of(path) == expected
