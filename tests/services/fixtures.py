"""Name what the fixtures of this folder return, and let time pass for them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from django.utils import timezone

from integrations.models import Connection, SyncRun

FinishSync = Callable[..., SyncRun]
Connect = Callable[..., Connection]


def let_time_pass(run: SyncRun) -> None:
    """Let what a run waits for be over."""
    run.refresh_from_db()
    progress = {
        key: replace(entry, retry_at=None).to_json()
        for key, entry in run.entries.items()
    }
    SyncRun.objects.filter(pk=run.pk).update(
        progress=progress, due_at=timezone.now() - timedelta(seconds=1)
    )
