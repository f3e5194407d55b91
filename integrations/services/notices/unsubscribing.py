"""Addresses that end a kind of mail by one click, without a sign-in.

https://www.rfc-editor.org/rfc/rfc8058
"""

from enum import StrEnum

from django.contrib.auth.models import User

from integrations.models import NoticeSettings
from integrations.services.common import audit
from integrations.services.common.sealing.opaque import from_token, to_token

PURPOSE = "unsubscribe"


class MailingList(StrEnum):
    """What a user can end by one click."""

    NOTICES = "notices"
    DIGEST = "digest"


def token_for(user_id: int, mailing_list: MailingList) -> str:
    """Return a token that ends one list of one user; it does nothing else."""
    return to_token(f"{mailing_list}:{user_id}", purpose=PURPOSE)


def read_token(token: str) -> tuple[User, MailingList] | None:
    """Return whose token it is and what it ends, None unless this site made it."""
    name, _, key = (from_token(token, purpose=PURPOSE) or "").partition(":")
    if name not in list(MailingList) or not key.isdecimal():
        return None
    user = User.objects.filter(pk=int(key), is_active=True).first()
    return (user, MailingList(name)) if user else None


def unsubscribe(user: User, mailing_list: MailingList) -> None:
    """End one list of a user; the page of notices brings it back."""
    ended: dict[str, object] = {"is_mailed": False}
    if mailing_list is MailingList.DIGEST:
        ended = {"digest": NoticeSettings.Digest.OFF, "digest_due_at": None}
    NoticeSettings.objects.update_or_create(user=user, defaults=ended)
    audit.record("notices.unsubscribed", user=user, list=mailing_list.value)
