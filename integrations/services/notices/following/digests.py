"""Digest of what changed in followed items and views, by mail at a chosen hour."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from django.contrib.auth.models import User
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from msgspec import Struct, field

from integrations.models import Follow, Notice, NoticeSettings, SavedView, times
from integrations.models.messages.wording import count_text, time_text
from integrations.services.common.apart import Apart
from integrations.services.items.history.change_times import settled_until
from integrations.services.items.saved_views.problems import Problem
from integrations.services.notices import mails
from integrations.services.notices.following import follows as following
from integrations.services.notices.following import leavers, news, view_items
from integrations.services.notices.following.leavers import MOST_REMEMBERED, Leaving
from integrations.services.notices.following.news import Changed, Entry, Span
from integrations.services.notices.quiet import zone_for
from integrations.services.notices.unsubscribing import MailingList

MOST_PLANNED: Final = 500
PLAN_SECONDS: Final = 5.0
MOST_ENTRIES: Final = 25
NOT_REMEMBERED = (
    f"This view shows more than {count_text(MOST_REMEMBERED, 'item')}:"
    " what leaves it is not told."
)
CUT = (
    "So much changed that only the latest was looked through: changes of this view may"
    " be missing here."
)


class Section(Struct, frozen=True, kw_only=True):
    """Followed items, or one followed view, with what changed.

    With a ``problem`` none of it is told, after a mistake of ours with its
    ``reference``; where it ``is_cut`` only the latest is. What other sections list, so
    many items ``above`` and ``below``, is not told once more; those that no section has
    room for are ``left``. ``number`` is of those that no other section counts.
    ``leaving`` is what to remember of a view once all this was told.
    """

    title: str
    link: str
    entries: Sequence[Entry]
    number: int
    above: int = 0
    below: int = 0
    left: int = 0
    problem: Problem | None = None
    reference: str = ""
    is_cut: bool = False
    leaving: Leaving | None = None

    @property
    def note(self) -> str:
        """Return in words why not all that changed is told."""
        if self.problem:
            told = f" (reference {self.reference})" if self.reference else ""
            return f"{self.problem.sentence}{told}"
        is_unknown = self.number and self.leaving and self.leaving.is_unknown
        above, below = (
            f"{count} {'is' if number == 1 else 'are'} told {place}."
            for number, count, place in (
                (self.above, f"{count_text(self.above, 'item')} of this view", "above"),
                (self.below, count_text(self.below, "more item"), "below"),
            )
        )
        notes = (
            *((self.is_cut, CUT), (is_unknown, NOT_REMEMBERED)),
            *((self.above, above), (self.below, below)),
        )
        return " ".join(text for is_so, text in notes if is_so)

    @property
    def more(self) -> str:
        """Return how many changed besides those that some section lists."""
        return f"and {count_text(self.left, 'more item')}" if self.left else ""


def plan_due(*, now: datetime | None = None) -> int:
    """Plan the digests whose hour has come, each once; return how many."""
    now = now or timezone.now()
    is_due = times.come("digest_due_at", now, longest=NoticeSettings.LONGEST_WAIT)
    due = NoticeSettings.objects.filter(is_due).select_related("user")
    stop_at, planned = time.monotonic() + PLAN_SECONDS, 0
    with Apart("plan digests") as parts:
        for chosen in due.order_by("digest_due_at")[:MOST_PLANNED]:
            with parts.part(user=chosen.user_id):
                planned += _plan(chosen, now)
            if time.monotonic() > stop_at:
                break
    return planned


def _plan(chosen: NoticeSettings, now: datetime) -> bool:
    """Move on to the next time; whoever does it first plans the message."""
    since, until = chosen.digest_until or now, min(now, settled_until())
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


def send(user: User, notice: Notice) -> bool:
    """Mail the digest of a time, if there is something to be told; tell whether.

    What it told of views is remembered then. Raises NotReadyError while a view cannot
    be asked yet, and what the mail server raises.
    """
    since, until = (
        datetime.fromtimestamp(notice.facts[name], UTC) for name in ("since", "until")
    )
    chosen = NoticeSettings.objects.filter(user=user).first()
    with timezone.override(zone_for(chosen or NoticeSettings(user=user))):
        sections = sections_of(user, Span(since=since, until=until))
        message = _mail(user, notice, sections, Span(since=since, until=until))
    if message is not None and not message.send():
        return False
    for section in sections:
        if section.leaving is not None:
            leavers.settle(section.leaving)
    return message is not None


def _mail(
    user: User, notice: Notice, made: Sequence[Section], span: Span
) -> EmailMultiAlternatives | None:
    sections = [section for section in made if section.number or section.note]
    number = sum(section.number for section in sections)
    is_newly_broken = _note_broken(notice, sections)
    is_cut = any(section.is_cut for section in sections)
    if not number and not is_newly_broken and not is_cut:
        return None
    context = {
        "sections": sections,
        "since_text": time_text(span.since),
        "until_text": time_text(span.until),
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
    """Return what changed in what a user follows, of their own items only.

    Each item is in the first section that has room for it, with the other views of it
    named there.
    """
    rows = list(following.followed(user))
    keys = [row.item_id for row in rows if row.item_id]
    own = news.of_items(user, keys, span)
    asked = [_Asked(title="Items you follow", found=own.at)]
    views = [(row, row.view) for row in rows if row.view]
    if views:
        changed = news.of_all(user, span)
        asked += [_of_view(row, view, user, changed) for row, view in views]
    return list(_sections(user, span, asked))


class _Asked(Struct, frozen=True, kw_only=True):
    """What changed in followed items, or in one view, whatever else tells it too."""

    title: str
    link: str = ""
    found: Mapping[int, datetime] = field(default_factory=dict)
    problem: Problem | None = None
    reference: str = ""
    is_cut: bool = False
    leaving: Leaving | None = None

    @property
    def gone(self) -> Collection[int]:
        return self.leaving.gone if self.leaving else ()


def _of_view(row: Follow, view: SavedView, user: User, changed: Changed) -> _Asked:
    link = mails.public_url(view.get_absolute_url())
    try:
        leaving = leavers.look(row, view, user)
        shown = view_items.shown_among(view, user, list(changed.at))
    except view_items.BrokenViewError as exc:
        return _Asked(
            title=view.name, link=link, problem=exc.problem, reference=exc.reference
        )
    found = changed.among(shown)
    found |= {key: changed.at.get(key, at) for key, at in leaving.gone.items()}
    return _Asked(
        title=view.name,
        link=link,
        found=found,
        is_cut=changed.is_cut,
        leaving=leaving,
    )


def _sections(user: User, span: Span, asked: Sequence[_Asked]) -> Iterator[Section]:
    """Yield the sections, each with what none before it lists."""
    places: dict[int, list[int]] = {}
    listed: dict[int, int] = {}
    told: list[list[Entry]] = []
    for place, each in enumerate(asked):
        for key in each.found:
            places.setdefault(key, []).append(place)
    for place, each in enumerate(asked):
        own = {key: at for key, at in each.found.items() if key not in listed}
        keys = news.latest(own, most=MOST_ENTRIES)
        also = {
            key: _also(key, [asked[other] for other in places[key] if other != place])
            for key in keys
        }
        entries = news.entries_of(user, keys, span, left=each.gone, also=also)
        listed |= {entry.key: place for entry in entries}
        told.append(entries)
    for place, (each, entries) in enumerate(zip(asked, told, strict=True)):
        others = [listed[key] - place for key in each.found if key in listed]
        tellers = [listed.get(key, places[key][0]) for key in each.found]
        yield Section(
            title=each.title,
            link=each.link,
            entries=entries,
            number=tellers.count(place),
            above=sum(other < 0 for other in others),
            below=sum(other > 0 for other in others),
            left=len(each.found) - len(others),
            problem=each.problem,
            reference=each.reference,
            is_cut=each.is_cut,
            leaving=each.leaving,
        )


def _also(key: int, others: Sequence[_Asked]) -> list[str]:
    """Return in words which other views an item is in, or has left."""
    return [
        f"{'No longer' if key in other.gone else 'Also'} in the view “{other.title}”"
        for other in others
        if other.link
    ]
