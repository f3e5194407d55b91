"""What was told to a user, and a test of the way that it takes."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from integrations.models import Notice, times
from integrations.services.common import queue

# Nobody needs more tests of one mailbox.
TEST_SPACING = timedelta(minutes=1)


def told(user: User) -> QuerySet[Notice]:
    """Return the messages to a user, also those that could not be sent yet."""
    rows = Notice.objects.filter(user=user).exclude(state=Notice.State.SKIPPED)
    return rows.select_related("incident__connection")


def order_test(user: User) -> bool:
    """Plan a test mail to a user; False when there was one a moment ago."""
    tests = Notice.objects.filter(user=user, phase=Notice.Phase.TEST)
    latest = tests.values_list("created_at", flat=True).first()
    if latest is not None and not times.is_over(latest, TEST_SPACING, timezone.now()):
        return False
    test = Notice.objects.create(
        user=user, channel=Notice.Channel.MAIL, phase=Notice.Phase.TEST, text="Test"
    )
    queue.send("send_notice", test.pk)
    return True
