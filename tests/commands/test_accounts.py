"""Accounts and groups are managed on the console as superusers do in the admin."""

import io

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command

from integrations.models import AuditEvent, SuspendedSignInMethod


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("carol", "carol@example.com")


def trail() -> list[tuple[str, str]]:
    rows = AuditEvent.objects.filter(event="admin.action").order_by("pk")
    return [(row.facts["model"], row.facts["action"]) for row in rows]


def test_an_account_is_made_opened_and_shut(staff: User) -> None:
    call_command("accounts", "add", "dan@example.com")
    dan = User.objects.get(email="dan@example.com")
    assert EmailAddress.objects.get(user=dan).verified
    assert not dan.has_usable_password()
    Group.objects.create(name="operators")

    call_command(
        "accounts", "change", dan.email, "--staff", "yes", "--groups", "operators"
    )
    dan.refresh_from_db()
    assert dan.is_staff
    assert dan.groups.get().name == "operators"

    call_command("accounts", "change", dan.email, "--active", "no")
    dan.refresh_from_db()
    assert not dan.is_active
    assert trail() == [("User", "add"), *[("User", "change")] * 3]


def test_a_password_turns_off_what_else_opened_the_account(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    Authenticator.objects.create(user=alice, type="totp", data={})
    monkeypatch.setattr("sys.stdin", io.StringIO("queen-7-hearts\n"))

    call_command("accounts", "password", alice.email, "--yes")

    alice.refresh_from_db()
    assert alice.check_password("queen-7-hearts")
    assert SuspendedSignInMethod.objects.filter(user=alice).exists()


def test_a_password_that_pages_refuse_is_refused(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("123\n"))

    with pytest.raises(CommandError):
        call_command("accounts", "password", alice.email, "--yes")

    assert trail() == []


def test_an_account_is_erased_by_a_superuser_with_a_name(
    alice: User, staff: User
) -> None:
    order = ("accounts", "delete", alice.email)
    for more in ([], ["--yes"]):
        with pytest.raises(CommandError):
            call_command(*order, *more)
    with pytest.raises(CommandError, match="superuser"):
        call_command(*order, "--yes", "--as", alice.email)

    call_command(*order, "--yes", "--as", staff.email)

    alice.refresh_from_db()
    assert not alice.is_active


@pytest.mark.parametrize(
    "address",
    [
        "carol@example.com",
        "Carol@Example.com",
        "other@x.org",
        "no address",
        "@x.org",
        f"{'a' * 300}@x.org",
    ],
)
def test_an_address_that_is_none_or_somebodys_is_refused(
    staff: User, alice: User, address: str
) -> None:
    # `createsuperuser` keeps no row of its address.
    EmailAddress.objects.create(user=staff, email="other@x.org")
    for order in (("add", address), ("add-address", alice.email, address)):
        with pytest.raises(CommandError):
            call_command("accounts", *order)

    assert User.objects.count() == 2
    assert not EmailAddress.objects.filter(user=alice).exists()


def test_an_address_is_kept_as_sign_in_looks_it_up(alice: User) -> None:
    call_command("accounts", "add", "Dan@Example.com")
    call_command("accounts", "add-address", alice.email, "Alice@Work.example")
    call_command("accounts", "add-address", alice.email, alice.email.upper())
    with pytest.raises(CommandError):
        call_command("accounts", "add-address", alice.email, alice.email)

    assert User.objects.filter(email="dan@example.com").exists()
    kept = EmailAddress.objects.order_by("pk").values_list("email", flat=True)
    assert [*kept] == ["dan@example.com", "alice@work.example", alice.email]


def test_the_audit_has_what_was_given_and_taken(alice: User, staff: User) -> None:
    name = "integrations.view_connection"
    call_command("accounts", "group", "ops", "--permissions", name)
    flags = ("--staff", "yes", "--superuser", "no")
    by = ("--as", staff.email)
    call_command("accounts", "change", alice.email, *flags, "--groups", "ops", *by)

    events = AuditEvent.objects.filter(event="admin.action").order_by("pk")
    assert [event.facts["detail"] for event in events] == [
        {"name": "ops", "permissions": [name]},
        {"is_staff": True, "is_superuser": False},
        {"groups": ["ops"]},
    ]
    said = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert "is_staff: True" in said[0]


def test_nothing_is_taken_away_unasked(alice: User) -> None:
    names = "integrations.view_connection,integrations.change_connection"
    call_command("accounts", "group", "ops", "--permissions", names)
    call_command("accounts", "change", alice.email, "--groups", "ops")
    fewer = (
        ("group", "ops", "--permissions", "integrations.view_connection"),
        ("group", "ops", "--permissions", ""),
        ("change", alice.email, "--groups", ""),
    )

    call_command("accounts", "group", "ops")
    for order in fewer:
        with pytest.raises(CommandError, match="--yes"):
            call_command("accounts", *order)
    group = alice.groups.get()
    assert group.permissions.count() == 2

    for number, order in zip((1, 0, 0), fewer, strict=True):
        call_command("accounts", *order, "--yes")
        assert group.permissions.count() == number
    assert not alice.groups.exists()


@pytest.mark.parametrize("flag", ["--active", "--staff", "--superuser"])
def test_the_last_administrator_stays(staff: User, flag: str) -> None:
    # Neither of them gets into the admin.
    User.objects.create_user("eve", is_superuser=True)
    User.objects.create_superuser("mal", is_active=False)
    with pytest.raises(CommandError, match="administer"):
        call_command("accounts", "change", staff.email, flag, "no")

    staff.refresh_from_db()
    assert staff.is_active
    assert staff.is_staff
    assert staff.is_superuser


def test_addresses_are_added_vouched_for_and_taken_away(alice: User) -> None:
    other = "other@example.com"
    call_command("accounts", "add-address", alice.email, other)
    address = EmailAddress.objects.get(email=other)
    assert not address.verified

    call_command("accounts", "verify-address", alice.email, other)
    address.refresh_from_db()
    assert address.verified

    call_command("accounts", "delete-address", alice.email, other, "--yes")
    assert not EmailAddress.objects.filter(email=other).exists()
    said = [action for _, action in trail()]
    assert said == ["add", "mark as verified", "delete"]


def test_second_factors_are_deleted_after_a_yes(alice: User) -> None:
    Authenticator.objects.create(user=alice, type="totp", data={})
    SuspendedSignInMethod.objects.create(user=alice, kind="totp", data={})
    with pytest.raises(CommandError, match="--yes"):
        call_command("accounts", "delete-factors", alice.email)

    call_command("accounts", "delete-factors", alice.email, "--yes")

    assert not Authenticator.objects.exists()
    assert not SuspendedSignInMethod.objects.exists()


def test_groups_give_permissions_by_the_names_of_the_reference(db: None) -> None:
    with pytest.raises(CommandError, match="permission"):
        call_command("accounts", "group", "ops", "--permissions", "nobody.may")
    assert not Group.objects.exists()
    names = "integrations.view_connection,integrations.change_connection"

    call_command("accounts", "group", "ops", "--permissions", names)
    assert Group.objects.get(name="ops").permissions.count() == 2

    call_command("accounts", "delete-group", "ops", "--yes")
    assert not Group.objects.exists()
