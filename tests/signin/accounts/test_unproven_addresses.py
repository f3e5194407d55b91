"""An address that nobody has proven is no identity, wherever no mail has to prove one.

The tests' site asks for a confirmation and lets people in without it.
"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from integrations.models import AuditEvent

VICTIM, PASSWORD = "victim@example.com", "wonderland-7"
LINK = re.compile(r"http://localhost:8000(/accounts/confirm-email/\S+)")


def sign_up(email: str = VICTIM, password: str = PASSWORD) -> Client:
    """Open an account and return the browser that did."""
    browser = Client()
    form = {"email": email, "password1": password, "password2": password}
    browser.post("/accounts/signup/", form)
    return browser


def sign_in(email: str, password: str) -> str | None:
    """Sign in, and return the key of whom that let in."""
    browser = Client()
    browser.post("/accounts/login/", {"login": email, "password": password})
    return browser.session.get("_auth_user_id")


def link() -> str:
    """Return the link of the last mail."""
    found = LINK.search(mail.outbox[-1].body)
    assert found, mail.outbox[-1].body
    return found[1]


def is_proven(email: str) -> bool:
    return EmailAddress.objects.filter(email=email, verified=True).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("again", [VICTIM, "Victim@Example.com"])
def test_an_address_has_one_account_at_most_that_has_not_proven_it(again: str) -> None:
    sign_up()
    second = sign_up(again, "another-word-7")

    assert User.objects.count() == 1
    assert "_auth_user_id" not in second.session
    assert sign_in(VICTIM, PASSWORD)


def test_an_account_made_by_staff_is_not_joined_by_another(alice: User) -> None:
    sign_up(alice.email, "another-word-7")

    assert User.objects.get() == alice


@pytest.mark.django_db
def test_a_confirmation_works_in_the_session_that_asked_for_it_alone() -> None:
    stranger, owner, path = sign_up(), Client(), link()

    opened = owner.get(path)
    assert opened.context["confirmation"] is None
    assert owner.post(path).status_code == 404
    assert not is_proven(VICTIM)

    stranger.post(path)
    assert is_proven(VICTIM)


def test_whoever_is_signed_in_elsewhere_stays_so_beside_a_strangers_link(
    alice: User,
) -> None:
    sign_up()
    browser = Client()
    browser.force_login(alice)

    browser.get(link())
    browser.post(link())

    assert browser.session["_auth_user_id"] == str(alice.pk)
    assert not is_proven(VICTIM)


@pytest.mark.django_db
def test_a_confirmation_works_where_its_account_has_signed_in() -> None:
    sign_up()
    phone = Client()
    phone.post("/accounts/login/", {"login": VICTIM, "password": PASSWORD})

    phone.post(link())

    assert is_proven(VICTIM)


@pytest.mark.django_db
def test_where_proof_is_mandatory_the_link_waits_for_who_asked(settings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    stranger, owner = sign_up(), Client()

    owner.post(link())
    assert not is_proven(VICTIM)
    # No second mail is sent so soon; the first one works here as well now.
    owner.post("/accounts/login/", {"login": VICTIM, "password": PASSWORD})
    assert "_auth_user_id" not in stranger.session
    owner.post(link())
    assert is_proven(VICTIM)


@pytest.fixture
def change(client: Client, alice: User) -> Callable[[str], None]:
    """Return what changes alice's address, which she has never proven."""
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True)
    client.force_login(alice)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})

    def press(email: str) -> None:
        client.post("/accounts/email/", {"action_add": "", "email": email})

    return press


def test_the_old_address_stays_until_the_new_one_is_proven(
    client: Client, alice: User, change: Callable[[str], None]
) -> None:
    change("typo@example.com")
    change("new@example.com")

    assert sign_in(alice.email, PASSWORD) == str(alice.pk)
    assert sign_in("new@example.com", PASSWORD) is None
    shown = client.get("/accounts/email/").content.decode()
    assert alice.email in shown
    assert "new@example.com" in shown

    client.post(link())

    assert sign_in("new@example.com", PASSWORD) == str(alice.pk)
    assert sign_in(alice.email, PASSWORD) is None


def test_an_address_that_is_only_wanted_resets_no_password(
    change: Callable[[str], None],
) -> None:
    change("typo@example.com")
    mail.outbox.clear()

    Client().post("/accounts/password/reset/", {"email": "typo@example.com"})

    assert "/password/reset/key/" not in mail.outbox[0].body


def old_rows(number: int) -> list[User]:
    """Return accounts of one address, as they could be opened once, the first first."""
    now = timezone.now()
    made = []
    for index in range(number):
        user = User.objects.create_user(f"old-{index}", VICTIM, f"{PASSWORD}-{index}")
        user.date_joined = now - timedelta(days=number - index)
        user.save()
        EmailAddress.objects.create(user=user, email=VICTIM, primary=True)
        made.append(user)
    return made


@pytest.mark.django_db
def test_many_old_accounts_of_an_address_cost_a_sign_in_a_few_hashes_at_most(
    monkeypatch: pytest.MonkeyPatch, settings
) -> None:
    users, checked = old_rows(100), []
    users[50].last_login = timezone.now()
    users[50].save()
    check = User.check_password

    def counted(self: User, password: str) -> bool:
        checked.append(self.pk)
        return check(self, password)

    monkeypatch.setattr(User, "check_password", counted)

    for index in (0, 50):
        assert sign_in(VICTIM, f"{PASSWORD}-{index}") == str(users[index].pk)
    assert sign_in(VICTIM, "wrong") is None
    assert len(checked) <= 12

    mail.outbox.clear()
    Client().post("/accounts/password/reset/", {"email": VICTIM})
    assert len(mail.outbox) <= 4


@pytest.mark.django_db
def test_who_has_proven_the_address_is_the_one_who_is_signed_in() -> None:
    users = old_rows(20)
    EmailAddress.objects.filter(user=users[13]).update(verified=True)

    assert sign_in(VICTIM, f"{PASSWORD}-13") == str(users[13].pk)
    assert sign_in(VICTIM, f"{PASSWORD}-0") is None


@pytest.mark.django_db
def test_a_proof_asks_for_the_password_of_who_is_signed_in() -> None:
    users = old_rows(9)
    EmailAddress.objects.filter(user=users[3]).update(verified=True)
    browser = Client()
    browser.force_login(users[5])
    ask = "/accounts/reauthenticate/"

    browser.post(ask, {"password": f"{PASSWORD}-3"})
    assert "account_authentication_methods" not in browser.session
    browser.post(ask, {"password": f"{PASSWORD}-5"})

    assert browser.session["account_authentication_methods"]
    events = AuditEvent.objects.filter(event="account.reauthentication_failed")
    assert [event.user_id for event in events] == [users[5].pk]


@pytest.mark.django_db
def test_a_closed_site_opens_no_account(settings) -> None:
    settings.SIGN_UP = "closed"

    sign_up()

    assert not User.objects.exists()
