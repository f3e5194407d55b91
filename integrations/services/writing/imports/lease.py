"""A worker's lease on an import: claim, renew with what is stored, release."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from integrations.models import Import
from integrations.services.common.clock import DatabaseNow
from integrations.services.common.errors import LeaseLostError


@dataclass(frozen=True, kw_only=True)
class ImportLease:
    """An import that this worker is on, until another one is or its user ends it."""

    source: Import
    lease_id: UUID

    def renew(self, **values: Any) -> None:
        """Renew it and write columns; raise LeaseLostError when it is lost.

        In a transaction it also keeps others from writing until that ends, so that
        rows written with it are this worker's.
        """
        self._write(lease_until=DatabaseNow() + Import.LEASE, **values)

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
        .update(lease_id=lease_id, lease_until=DatabaseNow() + Import.LEASE)
    )
    if not taken:
        return None
    rows = Import.objects.select_related(
        "connection", "collection__connection", "created_by"
    )
    return ImportLease(source=rows.get(pk=import_id), lease_id=lease_id)
