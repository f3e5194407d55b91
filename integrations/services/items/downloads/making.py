"""Make the files that are too large to wait for: a worker does, from a row that stays.

A worker that dies leaves the row with a lease that runs out, and another one begins
the file anew. Only a whole file is stored, in the database: any web server can send it.
"""

import logging
import os
import threading
import uuid
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import Error as DatabaseError
from django.db import connection as database
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import QueryDict
from django.utils import timezone

from integrations.models import (
    Download,
    DownloadPart,
    Item,
)
from integrations.models.items.download import LEASE
from integrations.services.common import queue, shutdown
from integrations.services.common.clock import DatabaseNow, database_now
from integrations.services.common.errors import LeaseLostError
from integrations.services.items.downloads import asked, formats
from integrations.services.items.downloads.asked import AskedFile, Content
from integrations.services.items.lists.opening import OpenList
from integrations.services.items.tables.opening import OpenTable

logger = logging.getLogger(__name__)

PART_BYTES: Final = 1024 * 1024
MOST_ATTEMPTS: Final = 3
# Files that are made at the same time; they keep a processor busy.
MOST_AT_ONCE: Final = 2
MOST_COUNTED: Final = 2_000_000
BEAT_SECONDS: Final = LEASE.total_seconds() / 3
# So many rows are written between two looks at the row.
ROWS_AT_ONCE: Final = 500
RETRY_SECONDS: Final = 5.0


def make(download_id: int) -> None:
    """Make a file; one that somebody else makes, or is made, is left alone."""
    lease_id = _claim(download_id)
    if lease_id is None:
        return
    download = Download.objects.select_related("owner").filter(pk=download_id).first()
    if download is None:
        return
    try:
        with timezone.override(ZoneInfo(download.time_zone)), _beating(lease_id):
            _make(download, lease_id)
    except LeaseLostError:
        logger.info("download given up download=%s", download.pk)
    finally:
        _release(download_id, lease_id)


def _release(download_id: int, lease_id: UUID) -> None:
    _held(download_id, lease_id).update(lease_id=None, lease_until=None)


def _claim(download_id: int) -> UUID | None:
    """Take the lease of a file; one that ended several workers is not made again."""
    lease_id = uuid.uuid4()
    now = database_now()
    busy = Download.objects.being_made(now)
    # One user's large files leave room for those of others.
    has_one = busy.filter(owner__downloads=download_id).exists()
    if has_one or busy.count() >= MOST_AT_ONCE:
        # The sweep asks again.
        return None
    due = Download.objects.due(now).filter(pk=download_id)
    failed = due.filter(attempts__gte=MOST_ATTEMPTS)
    if failed.update(state=Download.State.FAILED, done_at=timezone.now()):
        logger.error("download failed download=%s", download_id)
        return None
    taken = due.update(
        lease_id=lease_id,
        lease_until=DatabaseNow() + LEASE,
        state=Download.State.MAKING,
        attempts=F("attempts") + 1,
        rows_done=0,
    )
    return lease_id if taken else None


def _make(download: Download, lease_id: UUID) -> None:
    DownloadPart.objects.filter(download=download.pk).delete()
    wanted = _wanted(download)
    if wanted is None:
        _write(
            download.pk, lease_id, state=Download.State.FAILED, done_at=timezone.now()
        )
        return
    if not wanted.is_ready:
        _wait(download, lease_id)
        return
    count = wanted.count(MOST_COUNTED)
    total = None if count.is_more else count.number
    _write(download.pk, lease_id, rows_total=total)
    source = wanted.to_source(_counted(wanted.items(), download.pk, lease_id))
    with formats.private_folder() as folder:
        path = folder / "file"
        with path.open("w+b") as file:
            formats.write(source, download.form, file, folder)
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            _store(file, download.pk, lease_id)
    _write(
        download.pk,
        lease_id,
        state=Download.State.DONE,
        size=size,
        mistake=source.noted.mistake,
        done_at=timezone.now(),
    )


def _wanted(download: Download) -> AskedFile | None:
    """Return what was asked for, None where a filter of it cannot be used any more.

    Without one of its filters a file would hold rows that nobody asked for.
    """
    parameters = QueryDict(download.parameters)
    content, user = Content(download.content), download.owner
    if download.collection_id is None:
        wanted = asked.ask_list(OpenList.open(user, parameters), content)
    else:
        collection = asked.own_collections(user).get(pk=download.collection_id)
        table = OpenTable.open(collection, parameters, user)
        wanted = asked.ask_table(table, content)
    return None if wanted.left_out else wanted


def _wait(download: Download, lease_id: UUID) -> None:
    """Come back once the index that the rows are found by is built."""
    _write(
        download.pk,
        lease_id,
        state=Download.State.WAITING,
        attempts=F("attempts") - 1,
    )
    queue.send("make_download", download.pk, countdown=RETRY_SECONDS)


def _counted(items: Iterable[Item], download_id: int, lease_id: UUID) -> Iterator[Item]:
    """Yield items and note how many; end where the file is not wanted any more."""
    done = 0
    for done, item in enumerate(items, start=1):
        yield item
        if done % ROWS_AT_ONCE == 0:
            _give_way(download_id, lease_id)
            _write(download_id, lease_id, rows_done=done)
    _write(download_id, lease_id, rows_done=done)


def _give_way(download_id: int, lease_id: UUID) -> None:
    """Leave a file to another worker where this one is asked to end."""
    if not shutdown.is_asked():
        return
    _write(
        download_id,
        lease_id,
        state=Download.State.WAITING,
        attempts=F("attempts") - 1,
    )
    raise LeaseLostError("this worker is shutting down")


def _store(file: BinaryIO, download_id: int, lease_id: UUID) -> None:
    """Store a whole file in pieces, each of which fits into memory many times."""
    for number, piece in enumerate(iter(lambda: file.read(PART_BYTES), b"")):
        _give_way(download_id, lease_id)
        with transaction.atomic():
            _write(download_id, lease_id)
            DownloadPart.objects.create(
                download_id=download_id, number=number, data=zlib.compress(piece, 1)
            )


def _held(download_id: int, lease_id: UUID) -> QuerySet[Download]:
    return Download.objects.filter(pk=download_id, lease_id=lease_id)


def _write(download_id: int, lease_id: UUID, **values: object) -> None:
    """Write columns as long as the lease is held; raise LeaseLostError when not."""
    leased = {"lease_until": DatabaseNow() + LEASE, **values}
    if not _held(download_id, lease_id).update(**leased):
        raise LeaseLostError("the download is not this worker's any more")


@contextmanager
def _beating(lease_id: UUID) -> Iterator[None]:
    """Renew a lease beside what takes long; it ends with its process."""
    is_over = threading.Event()

    def beat() -> None:
        while not is_over.wait(BEAT_SECONDS):
            # The next beat tries again.
            with suppress(DatabaseError):
                Download.objects.filter(lease_id=lease_id).update(
                    lease_until=DatabaseNow() + LEASE
                )
        database.close()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
