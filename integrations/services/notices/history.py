"""What was told to a user, and tests of the ways that notices take."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import Notice, times
from integrations.services.common import queue
from integrations.services.notices import incidents

MOST_SHOWN = 50
# Nobody needs more tests of one mailbox.
TEST_SPACING = timedelta(minutes=1)


def told(user: User) -> list[Notice]:
    """Return the latest messages to a user, also those that could not be sent yet."""
    rows = Notice.objects.filter(user=user).exclude(state=Notice.State.SKIPPED)
    return list(rows.select_related("incident__connection")[:MOST_SHOWN])


def order_test(user: User) -> bool:
    """Plan a test mail to a user; False when there was one a moment ago."""
    return bool(_order_tests(user, [Notice.Channel.MAIL]))


def order_site_test() -> list[Notice]:
    """Plan a test to the operators by each of their ways; none after a moment ago."""
    return _order_tests(None, incidents.site_channels())


def _order_tests(user: User | None, channels: list[Notice.Channel]) -> list[Notice]:
    tests = Notice.objects.filter(user=user, phase=Notice.Phase.TEST)
    latest = tests.values_list("created_at", flat=True).first()
    if latest is not None and not times.is_over(latest, TEST_SPACING, timezone.now()):
        return []
    planned = [
        Notice.objects.create(
            user=user, channel=channel, phase=Notice.Phase.TEST, text="Test"
        )
        for channel in channels
    ]
    for test in planned:
        queue.send("send_notice", test.pk)
    return planned
