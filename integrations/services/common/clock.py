"""Clock that all workers share, for leases shorter than their own clocks may differ."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone


class DatabaseNow(Now):
    """Time at which a statement writes, which may have waited long for its row."""

    def as_postgresql(
        self, compiler: Any, connection: Any, **context: Any
    ) -> tuple[str, Any]:
        """Look at the clock again where PostgreSQL means the statement's beginning."""
        return self.as_sql(
            compiler, connection, template="CLOCK_TIMESTAMP()", **context
        )


def database_now() -> datetime:
    """Return the time of the database server; with SQLite it is this machine."""
    if connection.vendor == "sqlite":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT CLOCK_TIMESTAMP()")
        found: datetime = cursor.fetchone()[0]
    return found
