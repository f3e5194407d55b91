"""Let staff see and steer connections; no page here shows or takes a secret."""

from integrations.admin import (
    accounts,
    connections,
    data,
    records,
    schedules,
)

__all__ = ["accounts", "connections", "data", "records", "schedules"]
