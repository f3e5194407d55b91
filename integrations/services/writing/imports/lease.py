"""A worker's lease on an import: claim, renew with what is stored, release.

In between the ``heartbeat`` of its process renews it, however long a call takes.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from integrations.models import Import
from integrations.services.common.clock import DatabaseNow
from integrations.services.common.errors import LeaseLostError
from integrations.services.sync.leases.heartbeat import Heartbeat


class ImportLease(Struct, kw_only=True):
    """An import that this worker is on, until another one is or its user ends it."""

    source: Import
    lease_id: UUID
    renewals: int = 0
    work: int = 0

    @property
    def key(self) -> UUID:
        """Return the key of the import, for the heartbeat."""
        return self.source.pk

    def note_call(self) -> None:
        """Note that a call is made for one of its rows."""
        self.work += 1

    def renew(self, **values: Any) -> None:
        """Renew it and write columns; raise LeaseLostError when it is lost.

        In a transaction it also keeps others from writing until that ends, so that
        rows written with it are this worker's.
        """
        self.renewals += 1
        self._write(lease_until=DatabaseNow() + Import.lease_length(), **values)

    def release(self, **values: Any) -> None:
        """Give it up and write columns."""
        self._write(lease_id=None, lease_until=None, **values)

    def _write(self, **values: Any) -> None:
        rows = Import.objects.filter(
            pk=self.source.pk, lease_id=self.lease_id, state=self.source.state
        )
        if not rows.update(**values):
            raise LeaseLostError("the import is not this worker's any more")
        for name, value in values.items():
            if not name.startswith("lease_"):
                setattr(self.source, name, value)


def claim(import_id: UUID, *, now: datetime) -> ImportLease | None:
    """Take the lease of an import that may be worked on, or nothing."""
    lease_id = uuid.uuid4()
    taken = (
        Import.objects.workable(now)
        .filter(pk=import_id)
        .update(lease_id=lease_id, lease_until=DatabaseNow() + Import.lease_length())
    )
    if not taken:
        return None
    rows = Import.objects.select_related(
        "connection", "collection__connection", "created_by"
    )
    return ImportLease(source=rows.get(pk=import_id), lease_id=lease_id)


def renew_silently(lease_ids: Sequence[UUID]) -> None:
    """Renew leases whose worker waits for an answer."""
    held = Import.objects.filter(lease_id__in=lease_ids)
    held.update(lease_until=DatabaseNow() + Import.lease_length())


heartbeat: Final = Heartbeat(renew_silently, Import.lease_length)
