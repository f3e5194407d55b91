"""Errors that only Airtable answers with."""

from datetime import UTC, datetime

from integrations.http.errors import QuotaExhausted


class MonthlyQuotaError(QuotaExhausted):
    """The workspace has used up its calls of the month; asking again is no use.

    ``until`` is when the next month begins, in UTC.
    """

    def __init__(
        self,
        *,
        now: datetime,
        status: int | None = None,
        code: str = "",
        detail: str = "",
    ) -> None:
        """Work out from ``now`` when calls are answered again."""
        super().__init__(
            "the monthly API quota of this Airtable workspace is used up",
            until=start_of_next_month(now),
            status=status,
            code=code,
            detail=detail,
        )


def start_of_next_month(now: datetime) -> datetime:
    """Return the first moment of the month after ``now``, in UTC."""
    today = now.astimezone(UTC)
    month = today.year * 12 + today.month
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
