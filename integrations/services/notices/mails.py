"""Mails of notices: to one user, or to the operators."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from msgspec import Struct

from integrations.http.observability import steering
from integrations.models import Incident, Notice, NoticeSettings
from integrations.models.messages.wording import count_text, time_text
from integrations.providers.typed.values import one_line
from integrations.services.notices.quiet import zone_for
from integrations.services.notices.unsubscribing import MailingList, token_for

PREFIX = settings.ACCOUNT_EMAIL_SUBJECT_PREFIX
TEST_TITLE = "This is a test"
TEST_TEXT = "Somebody asked for it on the page of notices. Notices arrive here."


class Entry(Struct, frozen=True, kw_only=True):
    """What one message says of one incident."""

    title: str
    text: str
    link: str = ""


def entry_of(notice: Notice) -> Entry:
    """Return what is said; times are in the zone of whoever reads."""
    incident = notice.incident
    if incident is None:
        return Entry(title=TEST_TITLE, text=TEST_TEXT)
    link = ""
    if incident.connection is not None:
        link = public_url(incident.connection.get_absolute_url())
    if notice.phase == Notice.Phase.RESOLVED:
        return Entry(title=f"Over: {incident.title}", text=_span(incident), link=link)
    since = f"Noticed {time_text(incident.opened_at)}."
    return Entry(title=incident.title, text=f"{incident.text} {since}", link=link)


def _span(incident: Incident) -> str:
    until = incident.resolved_at or timezone.now()
    return f"From {time_text(incident.opened_at)} to {time_text(until)}."


def public_url(path: str) -> str:
    """Return the public address of a path."""
    return f"{settings.PUBLIC_BASE_URL}{path}"


def user_mail(user: User, notices: Sequence[Notice]) -> EmailMultiAlternatives:
    """Return one mail with all that a user is to be told now."""
    chosen = NoticeSettings.objects.filter(user=user).first()
    with timezone.override(zone_for(chosen or NoticeSettings(user=user))):
        entries = [entry_of(each) for each in notices]
        title = entries[0].title
        if len(entries) > 1:
            title = f"{count_text(len(entries), 'notice')} about your connections"
        return list_mail(user, MailingList.NOTICES, title, {"entries": entries})


def list_mail(
    user: User,
    mailing_list: MailingList,
    title: str,
    context: Mapping[str, Any],
    *,
    with_html: bool = False,
) -> EmailMultiAlternatives:
    """Return a mail of a list that its reader can end by one click."""
    token = token_for(user.pk, mailing_list)
    ending = public_url(reverse("integrations:unsubscribe", args=(token,)))
    told = {
        "title": title,
        "ending": ending,
        "settings_url": public_url(reverse("integrations:notices")),
        **context,
    }
    mail = EmailMultiAlternatives(
        subject=_one_line(title),
        body=steering.plain(render_to_string(f"mail/{mailing_list}.txt", told)),
        to=[user.email],
        headers={
            "List-Unsubscribe": f"<{ending}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
    if with_html:
        html = render_to_string(f"mail/{mailing_list}.html", told)
        mail.attach_alternative(steering.plain(html), "text/html")
    return mail


def site_mail(notices: Sequence[Notice]) -> EmailMultiAlternatives:
    """Return one mail to the operators."""
    entries = [entry_of(each) for each in notices]
    title = entries[0].title
    if len(entries) > 1:
        title = f"{count_text(len(entries), 'notice')} about this site"
    return EmailMultiAlternatives(
        subject=_one_line(title),
        body=site_text(entries),
        from_email=settings.SERVER_EMAIL,
        to=[address for _, address in settings.ADMINS],
        headers={"Auto-Submitted": "auto-generated"},
    )


def site_text(entries: Sequence[Entry]) -> str:
    """Return what operators are told, with the address of the site it is about."""
    told = "\n\n".join(f"{each.title}\n{each.text}" for each in entries)
    return steering.plain(f"Mooring at {settings.PUBLIC_BASE_URL}\n\n{told}\n")


def _one_line(title: str) -> str:
    """Return a subject: a header has one line, whatever an account calls itself."""
    return PREFIX + one_line(steering.plain(title), limit=150)
