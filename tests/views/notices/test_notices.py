"""The page of notices: what is chosen, what was told, a test, and the way out."""

from email import message_from_bytes
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import AuditEvent, Connection, Notice, NoticeSettings
from integrations.services.notices import sending, watch
from integrations.services.notices.unsubscribing import MailingList, token_for
from tests.support.rows import make_grant

PAGE = "/notices/"


def address(user: User, mailing_list: MailingList = MailingList.NOTICES) -> str:
    return reverse("integrations:unsubscribe", args=(token_for(user.pk, mailing_list),))


def lose_grant(connection: Connection) -> None:
    make_grant(connection)
    Connection.objects.filter(pk=connection.pk).update(
        state="needs_reconnect", reason="grant_rejected"
    )
    watch.watch_connections(now=timezone.now())
    sending.send_due()


def test_what_is_chosen_is_kept(as_alice: Client, alice: User) -> None:
    sent = {
        "is_mailed": "on",
        "held": "on",
        "quiet_from": "22:00",
        "quiet_until": "06:30",
    }
    answer = as_alice.post(PAGE, sent)

    chosen = NoticeSettings.objects.get(user=alice)
    assert answer.status_code == 302
    assert (chosen.is_mailed, chosen.held, chosen.stale) == (True, True, False)
    assert str(chosen.quiet_until) == "06:30:00"
    assert 'value="06:30"' in as_alice.get(PAGE).content.decode()


@pytest.mark.parametrize(
    "sent", [{"quiet_from": "22:00"}, {"quiet_from": "99:99", "quiet_until": "x"}]
)
def test_quiet_hours_that_make_no_sense_are_refused(
    as_alice: Client, sent: dict[str, str]
) -> None:
    assert as_alice.post(PAGE, sent).status_code == 400
    assert not NoticeSettings.objects.exists()


def test_the_browsers_zone_is_remembered_for_quiet_hours(
    as_alice: Client, alice: User
) -> None:
    as_alice.cookies["tz"] = "Asia/Kathmandu"
    as_alice.post(PAGE, {"is_mailed": "on"})

    assert NoticeSettings.objects.get(user=alice).browser_zone == "Asia/Kathmandu"


def test_what_was_told_is_listed_to_its_user_alone(
    as_alice: Client, as_bob: Client, connection: Connection
) -> None:
    lose_grant(connection)

    page = as_alice.get(PAGE).content.decode()
    assert "HubSpot needs reconnecting: Acme" in page
    assert "Acme" not in as_bob.get(PAGE).content.decode()


def test_a_mail_that_was_not_taken_is_seen_on_the_page(
    as_alice: Client, connection: Connection, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "tests.support.mail.RefusingBackend"
    lose_grant(connection)

    page = as_alice.get(PAGE).content.decode()

    assert "SMTPServerDisconnected" in page
    assert Notice.objects.get().state == "waiting"


def test_a_test_is_mailed_once_a_minute(as_alice: Client) -> None:
    for _ in range(2):
        as_alice.post("/notices/test/")
    sending.send_due()

    assert [message.to for message in mail.outbox] == [["alice@example.com"]]


def test_one_click_ends_the_mails_without_a_sign_in(
    alice: User, connection: Connection, settings: Any
) -> None:
    lose_grant(connection)
    headers = message_from_bytes(mail.outbox[0].message().as_bytes())
    # A long header may begin on a line of its own.
    link = str(headers["List-Unsubscribe"]).strip()
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link.startswith("<http://localhost:8000/notices/unsubscribe/")
    path = link.strip("<>").removeprefix("http://localhost:8000")

    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(path, {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert settings.SESSION_COOKIE_NAME not in answer.cookies
    assert not NoticeSettings.objects.get(user=alice).is_mailed
    assert AuditEvent.objects.filter(event="notices.unsubscribed").count() == 1


def test_a_program_that_only_looks_at_the_address_ends_nothing(
    client: Client, alice: User
) -> None:
    for ask in (client.get, client.head):
        assert ask(address(alice)).status_code == 200

    assert not NoticeSettings.objects.exists()


def test_the_two_lists_end_apart(client: Client, alice: User) -> None:
    NoticeSettings.objects.create(
        user=alice, digest="daily", digest_due_at=timezone.now()
    )

    client.post(address(alice, MailingList.DIGEST))

    chosen = NoticeSettings.objects.get(user=alice)
    assert (chosen.digest, chosen.digest_due_at, chosen.is_mailed) == (
        "off",
        None,
        True,
    )


@pytest.mark.parametrize("change", ["", "A", "AAAA"])
def test_a_token_that_this_site_did_not_make_is_unknown(
    client: Client, alice: User, change: str
) -> None:
    path = address(alice)
    forged = path[:-3] + ("B" if path[-3] != "B" else "C") + path[-2:] + change

    for ask in (client.get, client.post):
        assert ask(forged).status_code == 404

    assert not NoticeSettings.objects.exists()


def test_a_token_of_somebody_who_is_gone_is_unknown(
    client: Client, alice: User
) -> None:
    path = address(alice)
    alice.delete()

    assert client.post(path).status_code == 404


@pytest.mark.parametrize(
    ("is_delivered", "is_verified", "said"),
    [(False, False, "no"), (True, False, "unproven"), (True, True, None)],
)
def test_what_is_not_mailed_is_said(
    as_alice: Client,
    alice: User,
    settings: Any,
    is_delivered: bool,
    is_verified: bool,
    said: str | None,
) -> None:
    settings.IS_MAIL_DELIVERED = is_delivered
    own = {"user": alice, "email": alice.email}
    EmailAddress.objects.update_or_create(**own, defaults={"verified": is_verified})

    for page in (PAGE, "/following/"):
        told = as_alice.get(page).content.decode()
        assert ("data-mailed" in told) is (said is not None)
        assert said is None or f'data-mailed="{said}"' in told


def test_what_would_be_mailed_is_listed_where_no_address_can_be_proven(
    as_alice: Client, alice: User, connection: Connection
) -> None:
    own = {"user": alice, "email": alice.email}
    EmailAddress.objects.update_or_create(**own, defaults={"verified": False})
    lose_grant(connection)

    notice = Notice.objects.get(user=alice)
    assert notice.state == "sent"
    listed = as_alice.get(PAGE).context["page"].object_list
    assert list(listed) == [notice]
