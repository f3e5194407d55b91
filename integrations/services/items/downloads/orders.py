"""Files that workers make: ordered, sent to a worker, read, and deleted again."""

import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from integrations.models import Collection, Connection, Download, DownloadPart
from integrations.providers.typed.values import MAX_NAME, cut
from integrations.services.common import queue
from integrations.services.common.clock import database_now
from integrations.services.items.downloads.asked import Content

# What a user may have at once: files that are made or kept.
MOST_KEPT: Final = 5
SENT_AT_ONCE: Final = 20


class TooManyDownloadsError(Exception):
    """A user has as many files as are kept for one."""


def order(
    user: User,
    *,
    name: str,
    parameters: QueryDict,
    content: Content,
    form: str,
    collection: Collection | None = None,
) -> Download:
    """Queue a file for a worker; raise TooManyDownloadsError."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        kept = Download.objects.owned_by(user).exclude(state=Download.State.FAILED)
        if kept.count() >= MOST_KEPT:
            raise TooManyDownloadsError
        made = Download.objects.create(
            owner=user,
            collection=collection,
            name=cut(name, MAX_NAME),
            parameters=parameters.urlencode(),
            content=content,
            form=form,
            time_zone=str(timezone.get_current_timezone()),
        )
        queue.send("make_download", made.pk)
    return made


def read(download: Download) -> Iterator[bytes]:
    """Yield the pieces of a file that is done."""
    parts = DownloadPart.objects.filter(download=download.pk)
    keys = list(parts.order_by("number").values_list("pk", flat=True))
    for key in keys:
        data = DownloadPart.objects.values_list("data", flat=True).get(pk=key)
        yield zlib.decompress(data)


def send_due() -> int:
    """Queue the files that nobody makes; return how many were queued."""
    due = Download.objects.due(database_now()).order_by("pk")
    keys = list(due.values_list("pk", flat=True)[:SENT_AT_ONCE])
    return queue.send_all("make_download", keys, expires=60)


def expire(*, now: datetime) -> int:
    """Delete files that are too old; return how many."""
    before = now - timedelta(hours=settings.DOWNLOAD_HOURS)
    old = Download.objects.filter(created_at__lt=before).exclude(done_at__gte=before)
    keys = list(old.values_list("pk", flat=True)[:SENT_AT_ONCE])
    DownloadPart.objects.filter(download__in=keys).delete()
    Download.objects.filter(pk__in=keys).delete()
    return len(keys)


def delete(download: Download) -> None:
    """Delete a file; whoever makes it notices, and stops."""
    Download.objects.filter(pk=download.pk).delete()


def forget(connection: Connection) -> None:
    """Delete the files that may hold items of a connection: its items are deleted."""
    is_of_it = Q(collection__isnull=True) | Q(collection__connection=connection)
    Download.objects.filter(is_of_it, owner=connection.owner_id).delete()
