"""Celery app: the one engine that runs work in the background."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from importlib import import_module
from typing import Any

import django
from celery import Celery, signals
from celery.concurrency.thread import TaskPool as ThreadPool
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from kombu.exceptions import OperationalError

from config import deadlines
from config.background import time_limits
from config.background.queues import QUEUES
from config.background.transports import use_mended_transports
from config.checks import refuse_unsafe_settings
from config.monitoring import machine, outages, tracing
from integrations.services.common import shutdown

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# A worker checks its settings below. Django's other checks import every page, template
# and form: half a second and 14 MB of each process, and most workers show none.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
WORKER_SOCKET_SECONDS = 5.0
LOOK_SECONDS = 0.2
use_mended_transports()
outages.listen()
tracing.listen()


class _Celery(Celery):
    """Celery with beat as it ends here; imported by beat alone."""

    @cached_property
    def Beat(self) -> Any:  # noqa: N802 (upstream's)
        return self.subclass_with_self(import_module("config.background.beat").Beat)


app = _Celery("mooring")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_configure.connect
def trace_tasks(**_kwargs: Any) -> None:
    """Make spans of tasks, where there is a collector to send them to."""
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT and settings.IS_TELEMETRY_INSTALLED:
        import_module("config.monitoring.telemetry").listen()


@signals.setup_logging.connect
def keep_logging(**_kwargs: Any) -> None:
    """Prevent Celery from replacing the handlers that the settings made."""


@signals.celeryd_init.connect
def wait_as_a_worker_does(conf: Any, **_kwargs: Any) -> None:
    """Raise the socket time-outs of a worker, which blocks for a second at a time."""
    if "socket_timeout" not in conf.broker_transport_options:
        return
    conf.broker_transport_options = {
        **conf.broker_transport_options,
        "socket_connect_timeout": WORKER_SOCKET_SECONDS,
        "socket_timeout": WORKER_SOCKET_SECONDS,
    }


@signals.beat_init.connect
def ask_for_signs_of_life(**_kwargs: Any) -> None:
    """Send a heartbeat through every queue at once; the schedule's come later."""
    for queue in QUEUES:
        with suppress(OperationalError, OSError):
            app.send_task(
                "integrations.tasks.heartbeat", [queue], queue=queue, expires=60
            )


@signals.worker_process_init.connect
@signals.beat_init.connect
def report_machine(**_kwargs: Any) -> None:
    """Have this machine report how its disk, files and clock are.

    A pool of processes does so in its children. Its head forks: a child would inherit
    the locks and the connections of a thread that is at work.
    """
    machine.begin()


@signals.worker_ready.connect
def report_machine_of_threads(sender: Any, **_kwargs: Any) -> None:
    """Have a pool of threads report, which has no children."""
    if isinstance(sender.pool, ThreadPool):
        machine.begin()


@signals.worker_ready.connect
def bound_tasks(sender: Any, **_kwargs: Any) -> None:
    """Bound the tasks of a pool of threads, and its shutdown."""
    if isinstance(sender.pool, ThreadPool):
        time_limits.watch()
        # Threads that still run would keep the process; rows know where they were.
        signals.worker_shutting_down.connect(
            lambda **_details: _later(os._exit, 1), weak=False
        )


@signals.worker_shutting_down.connect
def bound_shutdown(how: str, **_kwargs: Any) -> None:
    """Bound a warm shutdown: running slices end in time, or others take them over.

    A call that spends a token is waited for, as long as it can take.
    """
    if how == "Warm":
        _later(os.kill, os.getpid(), signal.SIGQUIT)


def _later(act: Callable[..., Any], *args: Any) -> None:
    threading.Thread(target=_act_in_time, args=(act, *args), daemon=True).start()


def _act_in_time(act: Callable[..., Any], *args: Any) -> None:
    began = time.monotonic()
    while not has_to_end(time.monotonic() - began):
        time.sleep(LOOK_SECONDS)
    act(*args)


def has_to_end(seconds: float) -> bool:
    """Tell whether a worker ends now that was asked to so many seconds ago."""
    if shutdown.is_spending():
        return seconds >= deadlines.stop_seconds(settings.TOKEN_TIMEOUT)
    return seconds >= deadlines.SHUTDOWN_SECONDS


@signals.import_modules.connect
def take_the_broker_of_the_settings(**_kwargs: Any) -> None:
    """Forget the address that Celery's command took from BROKER_URL by itself.

    It is ours, and says more than Celery reads in it.
    """
    os.environ.pop("CELERY_BROKER_URL", None)


@signals.import_modules.connect
def refuse_unsafe_start(**_kwargs: Any) -> None:
    """Stop a worker or beat early when the settings are not fit to run with."""
    django.setup()
    try:
        refuse_unsafe_settings()
    except ImproperlyConfigured as exc:
        # Celery logs the errors of signal handlers and goes on.
        raise SystemExit(str(exc)) from exc
