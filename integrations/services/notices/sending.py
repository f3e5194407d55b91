"""Send the notices that are due: at least once, and once unless a worker dies.

A message is claimed by one statement before it is sent. Where the server does not take
it, it is tried again later, and says so on its user's page and to operators.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Case, F, Q, When
from django.utils import timezone

from integrations.models import Notice, NoticeSettings, times
from integrations.services.notices import addresses, mails, quiet, webhook
from integrations.services.notices.failures import Failure, Scope
from integrations.services.notices.following import digests
from integrations.services.notices.following.view_items import NotReadyError

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 500
SEND_SECONDS = 20.0
# Nobody sends a message for longer; if its worker died, it is sent again after this.
CLAIM = timedelta(minutes=5)
SPACING = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 30, 60))
MOST_TRIES = 15
Channel, Phase, State = Notice.Channel, Notice.Phase, Notice.State
Key = tuple[int | None, str, int]


def send_due(*, now: datetime | None = None) -> int:
    """Send what is due, all that one reader is told in one message; return how many."""
    began = timezone.now()
    now = now or began
    stop_at = time.monotonic() + SEND_SECONDS
    groups = _groups(now)
    settings_of = NoticeSettings.objects.in_bulk(
        {user_id for user_id, _, _ in groups if user_id}
    )
    sent, away = 0, set()
    for (_, channel, _), notices in groups.items():
        if channel in away:
            continue
        # A claim is counted from when it is made, whatever went before it.
        moment = now + (timezone.now() - began)
        wanted = _wanted(notices, settings_of, moment)
        claimed = [each for each in wanted if _claim(each, moment)]
        failure = _send(claimed, now=moment) if claimed else None
        if failure is None:
            sent += len(claimed)
        elif failure.scope is Scope.CHANNEL:
            # The next ones wait for the next time, instead of one after the other.
            away.add(channel)
        if time.monotonic() > stop_at:
            break
    return sent


def _groups(now: datetime) -> Mapping[Key, list[Notice]]:
    """Return what is due, by its reader, channel and message."""
    is_due = times.come("due_at", now, longest=Notice.LONGEST_WAIT)
    # What is not seen any more may be over in a moment.
    is_passing = Q(phase=Phase.OPENED, incident__clear_since__isnull=False)
    due = (
        Notice.objects.filter(is_due, state=State.WAITING)
        .exclude(is_passing)
        .select_related("incident__connection", "user")
        # Operators are few, and mend what the others would be told of.
        .order_by(Case(When(user=None, then=0), default=1), "due_at", "pk")[
            :MOST_AT_ONCE
        ]
    )
    groups: dict[Key, list[Notice]] = defaultdict(list)
    for each in due:
        # Notices of incidents go together; a test or a digest is a mail of its own.
        alone = each.pk if each.incident is None else 0
        groups[each.user_id, each.channel, alone].append(each)
    return groups


def _wanted(
    notices: Sequence[Notice], chosen: Mapping[int, NoticeSettings], now: datetime
) -> list[Notice]:
    """Return those that their user wants now; the others are put off or left out."""
    wanted = []
    unproven = addresses.unproven({each.user_id for each in notices if each.user_id})
    for each in notices:
        user = each.user
        if user is None:
            wanted.append(each)
            continue
        theirs = chosen.get(user.pk) or NoticeSettings(user=user)
        until = quiet.quiet_until(theirs, now)
        if user.pk in unproven or not _is_wanted(each, theirs):
            _note(each, state=State.SKIPPED)
        elif until is not None and each.phase in (Phase.OPENED, Phase.RESOLVED):
            _note(each, due_at=until)
        else:
            wanted.append(each)
    return wanted


def _is_wanted(notice: Notice, chosen: NoticeSettings) -> bool:
    if notice.user is None or not notice.user.is_active or not notice.user.email:
        return False
    if notice.phase == Phase.DIGEST:
        return chosen.digest != NoticeSettings.Digest.OFF
    return notice.incident is None or chosen.wants(notice.incident.kind)


def _claim(notice: Notice, now: datetime) -> bool:
    """Take a message for a while; nobody else sends it meanwhile."""
    free = Notice.objects.filter(
        pk=notice.pk, state=State.WAITING, due_at=notice.due_at
    )
    return bool(free.update(due_at=now + CLAIM, tries=F("tries") + 1))


def _note(notice: Notice, **columns: object) -> None:
    Notice.objects.filter(pk=notice.pk, state=State.WAITING).update(**columns)


def send_now(notice: Notice, *, now: datetime) -> bool:
    """Send one new notice here and now; False if it was not taken."""
    return _claim(notice, now) and _send([notice], now=now) is None


def send_one(key: int) -> bool:
    """Send one notice that waits, as far as its user wants it; False if it was not."""
    now = timezone.now()
    is_due = times.come("due_at", now, longest=Notice.LONGEST_WAIT)
    waiting = Notice.objects.filter(is_due, pk=key, state=State.WAITING)
    rows = list(waiting.select_related("incident__connection", "user"))
    chosen = NoticeSettings.objects.in_bulk({each.user_id for each in rows})
    return any(send_now(each, now=now) for each in _wanted(rows, chosen, now))


def _send(notices: Sequence[Notice], *, now: datetime) -> Failure | None:
    """Send claimed notices in one message, and store what became of it."""
    keys = [each.pk for each in notices]
    rows = Notice.objects.filter(pk__in=keys, state=State.WAITING)
    try:
        is_sent = _way(notices[0])(notices)
    except NotReadyError:
        # Nothing failed: what it is made of is still being built.
        rows.update(due_at=now + SPACING[0], tries=F("tries") - 1)
        return Failure(scope=Scope.MESSAGE, text="")
    except Exception as exc:  # noqa: BLE001 - counted, or it would block what follows
        failure = Failure.of(exc)
        _failed(notices, failure, now)
        return failure
    state = State.SENT if is_sent else State.SKIPPED
    rows.update(state=state, sent_at=now if is_sent else None, error="")
    return None


def _way(notice: Notice) -> Callable[[Sequence[Notice]], bool]:
    if notice.channel == Channel.WEBHOOK:
        return _post
    return _mail_site if notice.user is None else _mail_user


def _post(notices: Sequence[Notice]) -> bool:
    webhook.post(notices)
    return True


def _mail_site(notices: Sequence[Notice]) -> bool:
    mails.site_mail(notices).send()
    return True


def _mail_user(notices: Sequence[Notice]) -> bool:
    user = notices[0].user
    if user is None:
        return False
    if notices[0].phase == Phase.DIGEST:
        return digests.send(user, notices[0])
    mail = mails.user_mail(user, notices)
    return bool(mail and mail.send())


def _failed(notices: Sequence[Notice], failure: Failure, now: datetime) -> None:
    """Put off what was not taken, and give up where more tries change nothing."""
    for each in notices:
        tries = each.tries + 1
        spacing = SPACING[min(tries, len(SPACING)) - 1]
        is_last = tries >= MOST_TRIES or failure.scope is Scope.RECIPIENT
        state = State.FAILED if is_last else State.WAITING
        _note(each, state=state, due_at=now + spacing, error=failure.text)
    logger.warning(
        "notices not sent number=%d channel=%s error=%s",
        len(notices),
        notices[0].channel,
        failure.text,
    )
