"""Open and resolve incidents, each once, with the messages that tell of them."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from integrations.models import Incident, Notice, NoticeKind, NoticeSettings, times

logger = logging.getLogger(__name__)

# What may pass by itself is told after so long, if it still holds then.
DELAYS = {
    NoticeKind.STALE: timedelta(minutes=15),
    NoticeKind.PROVIDER_PAUSED: timedelta(minutes=5),
}
# What comes and goes is one incident, unless it has been away for this long.
SETTLES = timedelta(minutes=5)
SETTLING = {
    # They stand at a limit, and go over it and back all day.
    NoticeKind.STALE: timedelta(hours=3),
    NoticeKind.QUOTA: timedelta(hours=6),
    # A full refresh ends a hold before it decides anew.
    NoticeKind.HELD: timedelta(hours=1),
}
Channel, Phase, State = Notice.Channel, Notice.Phase, Notice.State


def open_site_incident(incident: Incident, *, grace: timedelta) -> bool:
    """Store a new incident of the site, and plan to tell operators after ``grace``.

    False if it is open already.
    """
    return _open(incident, site_channels(), user_id=None, delay=grace)


def open_incident(incident: Incident, chosen: NoticeSettings) -> bool:
    """Store a new incident of a connection, and plan what its user has chosen.

    False if it is open already.
    """
    channels = [Channel.MAIL] if chosen.wants(incident.kind) else []
    delay = DELAYS.get(NoticeKind(incident.kind), timedelta())
    return _open(incident, channels, user_id=chosen.user_id, delay=delay)


def _open(
    incident: Incident,
    channels: Iterable[Notice.Channel],
    *,
    user_id: int | None,
    delay: timedelta,
) -> bool:
    try:
        with transaction.atomic():
            incident.save(force_insert=True)
            Notice.objects.bulk_create(
                Notice(
                    user_id=user_id,
                    incident=incident,
                    channel=channel,
                    phase=Phase.OPENED,
                    due_at=incident.opened_at + delay,
                    created_at=incident.opened_at,
                )
                for channel in channels
            )
    except IntegrityError:
        # Another scheduler has seen the same.
        return False
    logger.warning(
        "incident opened kind=%s subject=%s", incident.kind, incident.subject
    )
    return True


def site_channels() -> list[Notice.Channel]:
    """Return the channels by which operators are told."""
    ways = {
        Channel.MAIL: bool(settings.ADMINS),
        Channel.WEBHOOK: bool(settings.NOTICE_WEBHOOK_URL.reveal()),
    }
    return [channel for channel, is_open in ways.items() if is_open]


def seen_again(incidents: Iterable[Incident]) -> None:
    """Note of open incidents that they hold, also of those that seemed to be over."""
    keys = [each.pk for each in incidents if each.clear_since is not None]
    if keys:
        Incident.objects.filter(pk__in=keys).update(clear_since=None)


def seen_clear(incident: Incident, now: datetime, *, is_told: bool = True) -> None:
    """Note that nothing is seen of an incident any more, and resolve it when settled.

    One that its user has ended is over without a word.
    """
    since = incident.clear_since
    if not is_told:
        _resolve(incident, now, is_told=False)
    elif since is None:
        unseen = Incident.objects.filter(pk=incident.pk, clear_since__isnull=True)
        unseen.update(clear_since=now)
    elif times.is_over(since, _settles(incident), now):
        _resolve(incident, now, is_told=True)


def _settles(incident: Incident) -> timedelta:
    if incident.connection_id is None or not _told(incident).exists():
        return SETTLES
    return SETTLING.get(NoticeKind(incident.kind), SETTLES)


def _told(incident: Incident) -> QuerySet[Notice]:
    """Return the messages of its beginning that were tried, or sent."""
    opened = incident.notices.filter(phase=Phase.OPENED)
    return opened.exclude(state=State.SKIPPED).exclude(state=State.WAITING, tries=0)


def _resolve(incident: Incident, now: datetime, *, is_told: bool) -> None:
    """End an incident once; say so to whom it was told, by the same channel."""
    over_at = (incident.clear_since if is_told else None) or now
    with transaction.atomic():
        ended = Incident.objects.filter(pk=incident.pk, resolved_at__isnull=True)
        if is_told:
            # Somebody else may have seen it again since it was read.
            ended = ended.filter(clear_since=incident.clear_since)
        if not ended.update(resolved_at=over_at, clear_since=None):
            return
        waiting = incident.notices.filter(state=State.WAITING, phase=Phase.OPENED)
        waiting.filter(tries=0).update(state=State.SKIPPED)
        Notice.objects.bulk_create(
            Notice(
                user_id=each.user_id,
                incident=incident,
                channel=each.channel,
                phase=Phase.RESOLVED,
                due_at=now,
                created_at=now,
            )
            for each in _told(incident)
            if is_told
        )
    logger.info("incident over kind=%s subject=%s", incident.kind, incident.subject)
