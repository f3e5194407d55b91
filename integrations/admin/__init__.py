"""Admin pages for staff; none of them shows or takes a secret."""

from integrations.admin import (
    accounts,
    connections,
    data,
    edits,
    notices,
    records,
    schedules,
)

__all__ = [
    "accounts",
    "connections",
    "data",
    "edits",
    "notices",
    "records",
    "schedules",
]
