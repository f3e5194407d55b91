"""Check that what users and operators have to be told reaches them."""

from datetime import timedelta

from django.db.models import Q

from integrations.models import Notice
from integrations.models.messages.wording import count_text
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks.check import Check, Result, Severity

# One refusal may pass by itself.
MOST_TRIES = 2
MOST_NAMED = 3
FAILED_FOR = timedelta(days=1)


def _notices(census: Census) -> Result:
    states = Notice.State
    is_late = Q(state=states.WAITING, tries__gte=MOST_TRIES) & ~Q(error="")
    has_failed = Q(state=states.FAILED, created_at__gte=census.now - FAILED_FOR)
    # That one user's address is refused is nothing that operators can mend.
    is_of_address = Q(error__startswith=Notice.REFUSED, user__isnull=False)
    rows = Notice.objects.filter(is_late | has_failed).exclude(is_of_address).order_by()
    number = rows.count()
    if not number:
        return Result(ok=True)
    told = rows.values_list("channel", "error").distinct().order_by("channel", "error")
    why = [f"{channel}: {error}" for channel, error in told[: MOST_NAMED + 1]]
    if len(why) > MOST_NAMED:
        why[MOST_NAMED:] = ["and other reasons"]
    found = f"{count_text(number, 'notice')} not sent ({', '.join(why)})"
    return Result(ok=False, found=found, facts={"notices": number})


CHECKS = (
    Check(
        id="notices",
        title="Notices are sent",
        advice="Correct EMAIL_URL or NOTICE_WEBHOOK_URL; `manage.py notices --test` "
        "tries them.",
        probe=_notices,
        severity=Severity.WARNING,
        reads_rows=True,
        needs=("database",),
    ),
)
