"""The door to the admin: staff only, and only with a second factor, everywhere."""

from urllib.parse import unquote

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, get_resolver

from tests.admin.conftest import sign_in


def admin_paths() -> list[str]:
    """Return an address for every pattern under the admin."""
    found = []

    def walk(patterns, prefix):
        for entry in patterns:
            part = prefix + str(entry.pattern).replace("^", "").replace("$", "")
            if isinstance(entry, URLPattern):
                found.append(part)
            else:
                walk(entry.url_patterns, part)

    root = next(p for p in get_resolver().url_patterns if str(p.pattern) == "admin/")
    walk(root.url_patterns, "/admin/")
    paths = [path.replace("<path:object_id>", "1") for path in found]
    return [p for p in paths if "<" not in p and "(" not in p]


def test_the_door_has_many_paths():
    assert len(admin_paths()) > 60
    assert "/admin/integrations/connection/" in admin_paths()


METHODS = [(), ("password",), ("password", "password_reset")]
# A page of each kind: the index, a list, one object's and a form.
SOME = (
    *("/admin/", "/admin/integrations/connection/"),
    *("/admin/integrations/connection/1/change/", "/admin/auth/user/add/"),
)


@pytest.mark.parametrize("methods", METHODS)
@pytest.mark.parametrize("has_factor", [False, True])
def test_no_path_lets_staff_in_without_a_second_factor(staff, methods, has_factor):
    if has_factor:
        Authenticator.objects.create(user=staff, type="totp", data={})
    client = sign_in(staff, *methods)
    paths = admin_paths()
    assert set(SOME) <= set(paths)

    # Whether a path has the door at all is asked by the session that lacks least.
    for path in paths if methods == METHODS[-1] else SOME:
        for answer in (client.get(path), client.post(path)):
            assert answer.status_code == 302, path
            # Only the way out leads to the index, which turns them away in turn.
            doors = (
                ("/admin/",) if "logout" in path else ("/admin/login/", "/accounts/")
            )
            assert answer.url.startswith(doors), path


def test_staff_without_a_second_factor_are_sent_to_set_one_up(staff):
    client = sign_in(staff, "password")

    answer = client.get("/admin/integrations/item/", follow=True)

    assert answer.redirect_chain[-1][0].startswith("/accounts/2fa/")
    assert "set it up first" in answer.content.decode()


def test_staff_with_a_second_factor_are_asked_for_it(staff):
    Authenticator.objects.create(user=staff, type="totp", data={})
    client = sign_in(staff, "password")

    answer = client.get("/admin/integrations/item/", follow=True)

    address = unquote(answer.redirect_chain[-1][0])
    assert address == "/accounts/2fa/reauthenticate/?next=/admin/integrations/item/"
    assert answer.status_code == 200


def test_recovery_codes_alone_are_no_second_factor(staff):
    Authenticator.objects.create(user=staff, type="recovery_codes", data={})
    client = sign_in(staff, "password")

    answer = client.get("/admin/login/")

    assert answer.url == "/accounts/2fa/"


def test_anothers_second_factor_does_not_count(staff, alice):
    client = sign_in(alice, "password", "mfa")
    client.force_login(staff)

    assert client.get("/admin/").status_code == 302


def test_users_who_are_not_staff_are_refused(alice):
    client = sign_in(alice, "password", "mfa")

    answer = client.get("/admin/", follow=True)

    assert answer.status_code == 403


def test_strangers_sign_in_at_the_accounts_pages(client, db):
    answer = client.get("/admin/", follow=True)

    assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=")


def test_the_door_leads_only_to_own_pages(as_staff):
    answer = as_staff.get("/admin/login/?next=https://evil.example/")

    assert answer.url == "/admin/"


def test_staff_who_passed_it_are_let_in(as_staff):
    page = as_staff.get("/admin/")

    assert page.status_code == 200
    assert "Mooring" in page.content.decode()


def test_passwords_are_changed_at_the_accounts_pages(as_staff):
    assert as_staff.get("/admin/password_change/").url == "/accounts/password/change/"


def test_no_model_with_secrets_is_registered():
    names = {model.__name__ for model in admin.site._registry}

    assert (
        names
        & {
            "Credential",
            "AuthorizationState",
            "PendingRevocation",
            "SocialToken",
            "SocialApp",
            "EmailConfirmation",
            "Session",
        }
        == set()
    )


def test_what_nobody_needs_is_not_registered():
    names = {model.__name__ for model in admin.site._registry}

    assert names.isdisjoint(
        {"SolarSchedule", "ClockedSchedule", "CrontabSchedule", "IntervalSchedule"}
    )


def test_a_stolen_session_of_a_demoted_member_is_worth_nothing(staff, as_staff):
    User.objects.filter(pk=staff.pk).update(is_staff=False)

    assert Client.get(as_staff, "/admin/").status_code == 302
