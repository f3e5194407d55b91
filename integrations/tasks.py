"""Carry work to the services: each task loads by id and calls one of them."""

import logging
from typing import Any
from uuid import UUID

from celery import shared_task
from celery.exceptions import WorkerLostError
from celery.signals import task_failure, worker_shutting_down

from integrations.http.errors import ApiError
from integrations.http.observability import trace
from integrations.models import Credential, SyncRun
from integrations.services.common import queue, shutdown, signs_of_life
from integrations.services.common.clock import database_now
from integrations.services.common.errors import NoTokenError
from integrations.services.connections import account_deletion, consents
from integrations.services.grants import refresh, revocation
from integrations.services.items.downloads import making
from integrations.services.items.search import reindex
from integrations.services.items.tables.indexing import indexes
from integrations.services.notices import rounds, sending
from integrations.services.sync import due_runs, engine, runs
from integrations.services.sync.leases import lost_tasks, turns
from integrations.services.sync.texts import opened_text
from integrations.services.upkeep import schedule
from integrations.services.writing.batches import bulk_delivery
from integrations.services.writing.delivering import delivery
from integrations.services.writing.imports import jobs

logger = logging.getLogger(__name__)


@worker_shutting_down.connect
def _ask_children_to_stop(**_details: Any) -> None:
    shutdown.ask()


@task_failure.connect
def _report_lost_worker(task_id: str, exception: Exception, **_details: Any) -> None:
    # This is the head of a pool of processes, whose children inherit its connections:
    # it has none to the database, and a child reports the machine.
    if isinstance(exception, WorkerLostError):
        queue.send("sync_after_lost_worker", task_id, lost_tasks.pool_name())


# Far beyond any page of a slow provider; what does nothing for long loses its lease.
SYNC_SOFT, SYNC_HARD = 540, 600


@shared_task(soft_time_limit=SYNC_SOFT, time_limit=SYNC_HARD)
def sync_interactive(run_id: str) -> None:
    """Work on a run somebody is waiting for."""
    _sync("interactive", run_id)


@shared_task(soft_time_limit=SYNC_SOFT, time_limit=SYNC_HARD)
def sync_opened_text(item_id: str) -> None:
    """Read the text of an item that somebody has opened."""
    opened_text.read(int(item_id))


@shared_task(soft_time_limit=SYNC_SOFT, time_limit=SYNC_HARD)
def deliver_edit(edit_id: str) -> None:
    """Send one edit to its provider; the sweep asks again for what is left."""
    wait = delivery.deliver(int(edit_id))
    if wait is not None and wait <= queue.LONGEST_COUNTDOWN_SECONDS:
        queue.send("deliver_edit", edit_id, countdown=wait)


@shared_task(soft_time_limit=SYNC_SOFT, time_limit=SYNC_HARD)
def run_import(import_id: str) -> None:
    """Check an import, or send its next rows; the sweep asks again for what is left."""
    wait = jobs.work_on(UUID(import_id))
    if wait is not None and wait <= queue.LONGEST_COUNTDOWN_SECONDS:
        queue.send("run_import", import_id, countdown=wait)


@shared_task(soft_time_limit=SYNC_SOFT, time_limit=SYNC_HARD)
def deliver_bulk_edit(bulk_edit_id: str) -> None:
    """Send the next rows of a bulk edit; the sweep asks again for what is left."""
    wait = bulk_delivery.deliver(int(bulk_edit_id))
    if wait is not None and wait <= queue.LONGEST_COUNTDOWN_SECONDS:
        queue.send("deliver_bulk_edit", bulk_edit_id, countdown=wait)


@shared_task(soft_time_limit=SYNC_SOFT, time_limit=SYNC_HARD)
def sync_bulk(run_id: str) -> None:
    """Work on a scheduled or long run."""
    _sync("sync", run_id)


@shared_task
def enqueue_syncs(*run_ids: str) -> None:
    """Publish each of the runs that the scheduler has opened at once."""
    due_runs.publish_each([UUID(run_id) for run_id in run_ids])


@shared_task
def sync_after_lost_worker(task_id: str, pool: str = "") -> None:
    """Go on at once with the runs whose worker died under a task."""
    runs.enqueue_all(lost_tasks.end_leases(task_id, pool))


def _sync(queue_name: str, run_id: str) -> None:
    signs_of_life.count_as_heartbeat(queue_name)
    taken = turns.take(queue_name, UUID(run_id), now=database_now())
    if taken is None:
        return
    if taken[0].pk != UUID(run_id):
        # It is another user's turn, and what follows is of no page of this one.
        trace.request_id.set("")
    wait = engine.work_on(*taken)
    if wait is None or wait > queue.LONGEST_COUNTDOWN_SECONDS:
        return
    run = SyncRun.objects.filter(pk=taken[0].pk).first()
    if run is not None and run.is_open:
        runs.enqueue(run, countdown=wait)


# Every call inside has deadlines of its own. The limits lie far beyond them, so that
# a worker that stood still for a while may yet store the answer that waits for it.
@shared_task(soft_time_limit=180, time_limit=240)
def refresh_connection(connection_id: str, why: str, version: str = "") -> None:
    """Renew one connection's token; beat asks again if it could not be done."""
    seen = int(version) if version else _version_of(connection_id)
    if seen is None:
        return
    try:
        refresh.refresh_credential(
            UUID(connection_id), seen_version=seen, why=why, may_wait=False
        )
    except (ApiError, NoTokenError) as exc:
        logger.info("refresh not done connection=%s error=%s", connection_id, exc)


def _version_of(connection_id: str) -> int | None:
    rows = Credential.objects.filter(connection_id=connection_id)
    return rows.values_list("version", flat=True).first()


@shared_task
def refresh_due() -> None:
    """Queue every refresh that is due."""
    schedule.refresh_due()
    signs_of_life.beat("scheduler.refresh_due")


@shared_task
def dispatch_due() -> None:
    """Queue every sync that is due."""
    schedule.dispatch_due()
    signs_of_life.beat("scheduler.dispatch_due")


@shared_task
def enqueue_lost() -> None:
    """Queue again what was lost with its worker or its message."""
    schedule.enqueue_lost()
    signs_of_life.beat("scheduler.enqueue_lost")


@shared_task
def sweep() -> None:
    """Bring back what else is stuck or postponed, and delete what is old."""
    schedule.sweep()
    signs_of_life.beat("scheduler.sweep")


@shared_task
def watch() -> None:
    """Notice trouble and its end, and send what is to be told of it."""
    # First, because it looks for this beat as well.
    signs_of_life.beat("scheduler.watch")
    rounds.take_turn()


@shared_task
def send_notice(notice_id: str) -> None:
    """Send one notice that somebody waits for; watch sends it later if this fails."""
    sending.send_one(int(notice_id))


@shared_task
def index_search() -> None:
    """Index stored items again that are shown with other labels now."""
    reindex.run_slice()


@shared_task
def index_properties(collection_id: str, *names: str) -> None:
    """Build the indexes that a table is to be sorted and filtered by."""
    indexes.begin(UUID(collection_id), names)
    indexes.build(UUID(collection_id))


# A million rows take minutes. One that is cut off is begun anew, twice at most.
@shared_task(soft_time_limit=3540, time_limit=3600)
def make_download(download_id: str) -> None:
    """Make a file that is too large to wait for."""
    making.make(int(download_id))


@shared_task
def sweep_purges() -> None:
    """Delete items whose user asked for it."""
    schedule.sweep_purges()


@shared_task
def erase_accounts() -> None:
    """Go on deleting the rows of accounts that were shut for good."""
    account_deletion.erase_due()


@shared_task
def revoke_due() -> None:
    """Give grants back to their providers."""
    revocation.revoke_due()


@shared_task
def finish_consents() -> None:
    """Store, or give back, the grants of consents that callbacks left behind."""
    consents.finish_all()


@shared_task
def heartbeat(queue_name: str) -> None:
    """Prove that somebody works on a queue, even when nothing is due."""
    signs_of_life.beat(f"worker.{queue_name}")
