"""What is handed over is used here no more, and what cannot be handed over is kept."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone

from integrations.http.secrets import Secret
from integrations.models import (
    Connection,
    Credential,
    PendingRevocation,
    SyncRun,
)
from integrations.services.common.errors import NoTokenError
from integrations.services.connections import settings as service
from integrations.services.connections.disconnect import disconnect
from integrations.services.connections.handover import bundle
from integrations.services.grants import tokens
from integrations.services.upkeep import schedule
from tests.commands.handover.commands import PASSPHRASE, refused, run, token_requests
from tests.services.grants.working import expire, refresh_now, send_and_vanish
from tests.support.rows import make_collection, make_connection


def test_what_is_handed_over_is_never_used_refreshed_or_revoked_here(
    connection: Connection,
    export: Callable[[], str],
    sandbox: Any,
) -> None:
    before, version = token_requests(sandbox), Credential.objects.get().version
    export()
    connection.refresh_from_db()
    expire(Credential.objects.get())
    # It holds without what the cache remembers, too.
    cache.clear()

    schedule.refresh_in_foreground(now=timezone.now() + timedelta(days=400))
    for attempt in (
        lambda: refresh_now(Credential.objects.get()),
        lambda: tokens.token_for(connection.pk),
    ):
        with pytest.raises(NoTokenError):
            attempt()
    disconnect(connection, actor=None, keep_items=True)
    service.resume(connection, actor=None)
    schedule.sweep()

    assert (connection.state, connection.reason) == ("disconnected", "moved")
    assert Credential.objects.get().version == version
    assert token_requests(sandbox) == before
    assert not PendingRevocation.objects.exists()
    assert not SyncRun.objects.exclude(state="finished").exists()


def test_an_export_without_the_word_handover_releases_nothing(
    connection: Connection,
    path: Path,
) -> None:
    assert "--handover" in refused("export_connections", path)
    assert "1 can be handed over" in run("export_connections", "--dry-run")

    connection.refresh_from_db()
    assert connection.state == "active"
    assert not path.exists()


def test_a_refresh_under_way_is_waited_for(
    connection: Connection,
    path: Path,
    sandbox: Any,
) -> None:
    send_and_vanish(Credential.objects.get())

    told = refused("export_connections", path, "--handover")

    assert "being refreshed" in told
    connection.refresh_from_db()
    assert connection.state == "active"


def test_an_export_that_breaks_off_releases_nothing(
    connection: Connection,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle.BundleWriter, "add", full)

    with pytest.raises(OSError, match="No space"):
        run("export_connections", path, "--handover")

    connection.refresh_from_db()
    assert connection.state == "active"
    assert not path.exists()


def test_what_no_bundle_could_hold_is_not_released(
    connection: Connection,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bundle, "LONGEST_LINE", 4096)
    for number in range(40):
        make_collection(
            connection, remote_id=str(number), name="x" * 200, is_selected=False
        )

    assert "more collections" in refused("export_connections", "--dry-run")
    assert "more collections" in refused("export_connections", path, "--handover")

    connection.refresh_from_db()
    assert connection.state == "active"


def test_the_longest_line_that_is_written_can_be_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "LONGEST_LINE", 4097)
    record = {"x": "y" * (4096 // 4 * 3 - bundle.TAG_BYTES - len('{"x": ""}'))}
    passphrase = Secret(PASSPHRASE)

    with path.open("wb") as file:
        writer = bundle.BundleWriter(file, passphrase)
        writer.add(record)
        writer.finish()

    assert bundle.has_room(record)
    assert not bundle.has_room({"x": f"{record['x']}y"})
    with path.open("rb") as file:
        assert list(bundle.read_bundle(file, passphrase)) == [record]


def test_an_export_that_breaks_off_says_what_it_cannot_take_back(
    alice: User,
    bob: User,
    connection: Connection,
    connect: Any,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = connect(alice, "555111:4243")

    def somebody_connects_it_and_the_disk_is_full(*_: object) -> None:
        make_connection(
            bob, remote_id=connection.remote_id, is_sandbox=connection.is_sandbox
        )
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(
        bundle.BundleWriter, "finish", somebody_connects_it_and_the_disk_is_full
    )
    out, told = StringIO(), StringIO()

    with pytest.raises(OSError, match="No space"):
        call_command(
            "export_connections", str(path), "--handover", stdout=out, stderr=told
        )

    other.refresh_from_db()
    assert other.state == "active"
    assert not path.exists()
    assert "connected here by somebody else" in told.getvalue()
    assert out.getvalue().split()[1] in told.getvalue()
