"""Digest of what changed in followed items and views, by mail at a chosen hour."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.contrib.auth.models import User
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from integrations.models import Notice, NoticeSettings, SavedView, times
from integrations.models.messages.wording import count_text, time_text
from integrations.services.items.history import changes
from integrations.services.items.saved_views.problems import Problem
from integrations.services.notices import following, mails, news, view_items
from integrations.services.notices.news import Changed, Entry, Span
from integrations.services.notices.quiet import zone_for
from integrations.services.notices.unsubscribing import MailingList

MOST_PLANNED: Final = 500
PLAN_SECONDS: Final = 5.0
MOST_ENTRIES: Final = 25
CUT = (
    "So much changed that only the latest was looked through: changes of this view may"
    " be missing here."
)


@dataclass(frozen=True, kw_only=True)
class Section:
    """Followed items, or one followed view, with what changed.

    With a ``problem`` none of it is told; where it ``is_cut`` only the latest is.
    """

    title: str
    link: str
    entries: Sequence[Entry]
    number: int
    problem: Problem | None = None
    is_cut: bool = False

    @property
    def note(self) -> str:
        """Return in words why not all that changed is told."""
        if self.problem:
            return self.problem.sentence
        return CUT if self.is_cut else ""

    @property
    def more(self) -> str:
        """Return how many changed besides those that are listed."""
        left = self.number - len(self.entries)
        return f"and {count_text(left, 'more item')}" if left > 0 else ""


def plan_due(*, now: datetime | None = None) -> int:
    """Plan the digests whose hour has come, each once; return how many."""
    now = now or timezone.now()
    is_due = times.come("digest_due_at", now, longest=NoticeSettings.LONGEST_WAIT)
    due = NoticeSettings.objects.filter(is_due).select_related("user")
    stop_at, planned = time.monotonic() + PLAN_SECONDS, 0
    for chosen in due.order_by("digest_due_at")[:MOST_PLANNED]:
        planned += _plan(chosen, now)
        if time.monotonic() > stop_at:
            break
    return planned


def _plan(chosen: NoticeSettings, now: datetime) -> bool:
    """Move on to the next time; whoever does it first plans the message."""
    since, until = chosen.digest_until or now, min(now, changes.settled_until())
    taken = NoticeSettings.objects.filter(
        pk=chosen.pk, digest_due_at=chosen.digest_due_at
    )
    with transaction.atomic():
        if not taken.update(
            digest_due_at=following.next_slot(chosen, now), digest_until=until
        ):
            return False
        Notice.objects.create(
            user=chosen.user,
            channel=Notice.Channel.MAIL,
            phase=Notice.Phase.DIGEST,
            text="Digest of what you follow",
            facts={"since": since.timestamp(), "until": until.timestamp()},
            due_at=now,
        )
    return True


def mail(user: User, notice: Notice) -> EmailMultiAlternatives | None:
    """Return the digest of a time, None when there is nothing to be told.

    Raises NotReadyError while a view cannot be asked yet.
    """
    since, until = (
        datetime.fromtimestamp(notice.facts[name], UTC) for name in ("since", "until")
    )
    span = Span(since=since, until=until)
    chosen = NoticeSettings.objects.filter(user=user).first()
    with timezone.override(zone_for(chosen or NoticeSettings(user=user))):
        sections = sections_of(user, span)
        number = sum(section.number for section in sections)
        is_newly_broken = _note_broken(notice, sections)
        is_cut = any(section.is_cut for section in sections)
        if not number and not is_newly_broken and not is_cut:
            return None
        context = {
            "sections": sections,
            "since_text": time_text(since),
            "until_text": time_text(until),
            "settings_url": mails.public_url(reverse("integrations:following")),
        }
        told = f"{count_text(number, 'change')} in" if number else "About"
        title = f"{told} what you follow"
        return mails.list_mail(user, MailingList.DIGEST, title, context, with_html=True)


def _note_broken(notice: Notice, sections: Sequence[Section]) -> bool:
    """Note which views are broken; tell whether the last digest did not say it yet."""
    broken = [section.link for section in sections if section.problem]
    Notice.objects.filter(pk=notice.pk).update(facts={**notice.facts, "broken": broken})
    sent = Notice.objects.filter(
        user=notice.user_id, phase=Notice.Phase.DIGEST, state=Notice.State.SENT
    )
    latest = sent.order_by("-sent_at").first()
    told = latest.facts.get("broken") if latest is not None else None
    return bool(set(broken) - set(told or ()))


def sections_of(user: User, span: Span) -> list[Section]:
    """Return what changed in what a user follows, of their own items only."""
    rows = list(following.followed(user))
    keys = [row.item_id for row in rows if row.item_id]
    own = news.of_items(user, keys, span)
    made = [_section(user, span, "Items you follow", "", own.at)]
    views = [row.view for row in rows if row.view]
    if views:
        changed = news.of_all(user, span)
        made += [_of_view(view, user, changed, span) for view in views]
    return [section for section in made if section.number or section.note]


def _of_view(view: SavedView, user: User, changed: Changed, span: Span) -> Section:
    link = mails.public_url(view.get_absolute_url())
    try:
        shown = view_items.shown_among(view, user, list(changed.at))
    except view_items.BrokenViewError as exc:
        return Section(
            title=view.name, link=link, entries=(), number=0, problem=exc.problem
        )
    found, is_cut = changed.among(shown), changed.is_cut
    return _section(user, span, view.name, link, found, is_cut=is_cut)


def _section(
    user: User,
    span: Span,
    title: str,
    link: str,
    found: Mapping[int, datetime],
    *,
    is_cut: bool = False,
) -> Section:
    entries = news.entries_of(user, found, span, most=MOST_ENTRIES)
    return Section(
        title=title, link=link, entries=entries, number=len(found), is_cut=is_cut
    )
