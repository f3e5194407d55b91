"""Only superusers make somebody mightier; whatever staff change is in the audit."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission, User

from integrations.models import AuditEvent
from integrations.services.connections import sign_in_methods
from tests.admin.conftest import sign_in

TOTP = Authenticator.Type.TOTP
PRIVILEGES = {"is_staff": "on", "is_superuser": "on"}


@pytest.fixture
def clerk(db):
    """Return staff who may do everything that permissions can give."""
    user = User.objects.create_user("vic", "vic@example.com", "six", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    return user


@pytest.fixture
def as_clerk(clerk):
    return sign_in(clerk, "password", "mfa")


def save(client, user, **changes):
    """Send the form of an account as its page shows it, with changes."""
    return client.post(
        f"/admin/auth/user/{user.pk}/change/",
        {"username": user.username, "email": user.email, "is_active": "on"}
        | {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
        | changes,
    )


def test_nobody_makes_themselves_a_superuser(as_clerk, clerk):
    save(as_clerk, clerk, **PRIVILEGES)

    clerk.refresh_from_db()
    assert not clerk.is_superuser


def test_nobody_but_a_superuser_gives_privileges(as_clerk, alice):
    group = Group.objects.create(name="operators")

    save(as_clerk, alice, **PRIVILEGES, groups=[group.pk], email="new@example.com")

    alice.refresh_from_db()
    assert alice.email == "new@example.com"
    assert not alice.is_staff
    assert not alice.is_superuser
    assert not alice.groups.exists()


@pytest.mark.parametrize("path", ["change/", "password/", "delete/"])
def test_accounts_with_privileges_are_changed_by_superusers_only(as_clerk, staff, path):
    page = as_clerk.post(f"/admin/auth/user/{staff.pk}/{path}", {"post": "yes"})

    assert page.status_code == 403


def test_superusers_give_privileges(as_staff, alice):
    save(as_staff, alice, **PRIVILEGES)

    alice.refresh_from_db()
    assert alice.is_superuser
    (event,) = AuditEvent.objects.filter(event="admin.action")
    assert (event.subject, event.facts["action"]) == (str(alice.pk), "change")


def test_the_audit_has_the_privileges_that_were_given(as_staff, alice):
    group = Group.objects.create(name="operators")
    may = Permission.objects.get(codename="view_connection")

    save(as_staff, alice, **PRIVILEGES, groups=[group.pk])
    as_staff.post(
        f"/admin/auth/group/{group.pk}/change/",
        {"name": "operators", "permissions": [may.pk]},
    )

    of_account, of_group = AuditEvent.objects.filter(event="admin.action").order_by(
        "pk"
    )
    [told] = of_account.facts["detail"]
    assert told["values"] == {
        "is_staff": True,
        "is_superuser": True,
        "groups": ["operators"],
    }
    [told] = of_group.facts["detail"]
    assert told["values"] == {"permissions": [str(may)]}


@pytest.mark.parametrize("taken", ["is_active", "is_staff", "is_superuser"])
def test_the_last_administrator_stays_one(as_staff, staff, taken):
    flags = dict.fromkeys(("is_active", "is_staff", "is_superuser"), "on")

    page = save(as_staff, staff, **{**flags, taken: ""})

    assert page.context["errors"]
    staff.refresh_from_db()
    assert staff.is_active
    assert staff.is_staff
    assert staff.is_superuser


def test_no_account_is_given_the_address_of_another(as_staff, staff, alice):
    save(as_staff, alice, email=staff.email.upper())
    as_staff.post(
        "/admin/account/emailaddress/add/", {"user": alice.pk, "email": staff.email}
    )

    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert not EmailAddress.objects.filter(user=alice).exists()


@pytest.mark.parametrize("kind", ["auth/group", "account/emailaddress"])
def test_groups_and_addresses_are_changed_by_superusers_only(as_clerk, kind):
    assert as_clerk.get(f"/admin/{kind}/").status_code == 200
    assert as_clerk.get(f"/admin/{kind}/add/").status_code == 403


def test_no_staff_verifies_an_address_but_superusers(as_clerk, as_staff, alice):
    address = EmailAddress.objects.create(user=alice, email="a@example.com")
    form = {"action": "make_verified", "_selected_action": [address.pk]}

    as_clerk.post("/admin/account/emailaddress/", form)
    address.refresh_from_db()
    assert not address.verified

    as_staff.post("/admin/account/emailaddress/", form)
    address.refresh_from_db()
    assert address.verified
    (event,) = AuditEvent.objects.filter(event="admin.action")
    assert event.facts["model"] == "EmailAddress"


def test_a_new_group_is_in_the_audit(as_staff):
    as_staff.post("/admin/auth/group/add/", {"name": "operators"})

    (event,) = AuditEvent.objects.filter(event="admin.action")
    assert (event.facts["model"], event.facts["action"]) == ("Group", "add")


def test_a_new_group_with_permissions_has_a_history(as_staff):
    may = Permission.objects.get(codename="view_connection")

    as_staff.post(
        "/admin/auth/group/add/", {"name": "operators", "permissions": [may.pk]}
    )

    group = Group.objects.get()
    assert as_staff.get(f"/admin/auth/group/{group.pk}/history/").status_code == 200
    [told] = AuditEvent.objects.get(event="admin.action").facts["detail"]
    assert told["values"] == {"permissions": [str(may)]}


def test_a_password_set_by_staff_turns_every_other_way_in_off(as_staff, alice):
    Authenticator.objects.create(user=alice, type=TOTP, data={"secret": "x"})
    form = {"password1": "brand-new-word-7", "password2": "brand-new-word-7"}

    refused = as_staff.post(
        f"/admin/auth/user/{alice.pk}/password/", {"password1": "a", "password2": "b"}
    )
    assert refused.status_code == 200
    assert alice.authenticator_set.exists()

    as_staff.post(f"/admin/auth/user/{alice.pk}/password/", form)

    alice.refresh_from_db()
    assert alice.check_password("brand-new-word-7")
    assert not alice.authenticator_set.exists()
    assert sign_in_methods.suspended(alice).get().kind == TOTP


def test_staff_who_set_their_own_password_keep_their_second_factor(as_staff, staff):
    form = {"password1": "brand-new-word-7", "password2": "brand-new-word-7"}

    as_staff.post(f"/admin/auth/user/{staff.pk}/password/", form)

    staff.refresh_from_db()
    assert staff.check_password("brand-new-word-7")
    assert staff.authenticator_set.exists()
