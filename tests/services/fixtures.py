"""Name what the fixtures of this folder return."""

from collections.abc import Callable

from integrations.models import Connection, SyncRun

FinishSync = Callable[..., SyncRun]
Connect = Callable[..., Connection]
