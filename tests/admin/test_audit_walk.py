"""Whatever can be done in the admin is in the audit, and done by nobody else."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from integrations.models import (
    AuditEvent,
    Connection,
    Incident,
    Notice,
    SuspendedSignInMethod,
)
from tests.admin.test_records import one_of_each  # noqa: F401 (found by name)
from tests.support.pages.kept_rows import kept

ADMINS = {model.__name__: each for model, each in admin.site._registry.items()}
DATES = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
# What can be typed: the form of each as a superuser sends it.
FORMS: dict[str, dict[str, str]] = {
    "User": {"username": "alice", "email": "a@example.com", "is_active": "on", **DATES},
    "Group": {"name": "operators"},
    "EmailAddress": {"user": "{user}", "email": "a@example.com", "verified": "on"},
}
ADDED = {
    "User": {"username": "dan", "password1": "brand-new-7", "password2": "brand-new-7"},
    "Group": {"name": "auditors"},
    "EmailAddress": {"user": "{user}", "email": "other@example.com"},
}
DELETED = {
    *("User", "Group", "EmailAddress", "Authenticator"),
    "SuspendedSignInMethod",
}
Rows = dict[str, Model]


@pytest.fixture
@kept
def rows(one_of_each: dict[str, Model], alice: User, connection: Connection) -> Rows:  # noqa: F811
    """Return a row of every model that has pages, by the name of its class."""
    every = IntervalSchedule.objects.create(every=9, period="seconds")
    found: list[Model] = [
        *one_of_each.values(),
        alice,
        Group.objects.create(name="helpers"),
        EmailAddress.objects.create(user=alice, email="a@example.com"),
        Authenticator.objects.create(user=alice, type="totp", data={}),
        SocialAccount.objects.create(user=alice, provider="hubspot", uid="1:1"),
        UserSession.objects.create(user=alice, session_key="key", ip="192.0.2.1"),
        SuspendedSignInMethod.objects.create(user=alice, kind="totp", data={}),
        PeriodicTask.objects.create(name="sweep", task="sweep", interval=every),
        Incident.objects.create(kind="k", subject="s", title="Trouble"),
        Notice.objects.create(channel="mail", phase="test", text="t"),
    ]
    return {type(row).__name__: row for row in found}


def events(row: Model, action: str) -> int:
    found = AuditEvent.objects.filter(event="admin.action", subject=str(row.pk))
    return found.filter(facts__action__startswith=action.replace("_", " ")).count()


def address(row: Model, page: str) -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}"
    return reverse(name, args=() if page in {"changelist", "add"} else (row.pk,))


def actions_of(name: str, user: User) -> list[str]:
    request = RequestFactory().get("/")
    request.user = user
    return list(ADMINS[name].get_actions(request))


def may(name: str, what: str, user: User, row: Model | None = None) -> bool:
    request = RequestFactory().get("/")
    request.user = user
    ask: Callable[..., bool] = getattr(ADMINS[name], f"has_{what}_permission")
    return ask(request) if row is None else ask(request, row)


def test_the_walk_has_a_row_of_everything_that_has_pages(rows: Rows) -> None:
    assert rows.keys() == ADMINS.keys()


@pytest.mark.parametrize("name", ADMINS)
def test_every_action_leaves_an_event(
    rows: Rows, as_staff: Client, staff: User, name: str
) -> None:
    row = rows[name]
    # What deletes the row comes last.
    for action in sorted(actions_of(name, staff), key="delete_selected".__eq__):
        sent = {"action": action, "_selected_action": [row.pk]}
        more = {"items": "keep", "post": "yes", "confirmed": "yes"}
        as_staff.post(address(row, "changelist"), sent | more)

        # What is left alone is in it as well; an address says when it is verified.
        said = {"make_verified": "mark as verified", "delete_selected": "delete"}
        assert events(row, said.get(action, action)) == 1, action


@pytest.mark.parametrize("name", ADMINS)
def test_every_form_leaves_an_event(
    rows: Rows, as_staff: Client, staff: User, alice: User, name: str
) -> None:
    row, model = rows[name], ADMINS[name].model
    is_typed = may(name, "change", staff, row)
    assert (is_typed, may(name, "add", staff)) == (name in FORMS, name in ADDED)
    assert may(name, "delete", staff, row) is (name in DELETED)

    if name in ADDED:
        sent = {k: v.format(user=alice.pk) for k, v in ADDED[name].items()}
        as_staff.post(address(row, "add"), {**sent, "usable_password": "true"})
        assert events(model._default_manager.latest("pk"), "add") == 1
    if name in FORMS:
        sent = {k: v.format(user=alice.pk) for k, v in FORMS[name].items()}
        as_staff.post(address(row, "change"), sent)
        assert events(row, "change") == 1
    if name in DELETED:
        as_staff.post(address(row, "delete"), {"post": "yes"})
        assert events(row, "delete") == 1


@pytest.mark.parametrize("name", ADMINS)
def test_rows_listed_beside_another_are_never_typed(staff: User, name: str) -> None:
    request = RequestFactory().get("/")
    request.user = staff
    for inline in ADMINS[name].get_inline_instances(request):
        assert not inline.has_add_permission(request)
        assert not inline.has_change_permission(request)
        assert not inline.can_delete


@pytest.mark.parametrize("name", ADMINS)
def test_staff_who_may_only_look_do_nothing(
    rows: Rows, as_viewer: Client, staff: User, name: str
) -> None:
    row, model = rows[name], ADMINS[name].model
    before = list(model._default_manager.values())
    assert as_viewer.get(address(row, "changelist")).status_code == 200
    for action in actions_of(name, staff):
        sent: dict[str, Any] = {"action": action, "_selected_action": [row.pk]}
        as_viewer.post(address(row, "changelist"), {**sent, "post": "yes"})
        if name == "Connection":
            act = as_viewer.post(address(row, "act"), {"action": action})
            assert act.status_code == 403
    for page in ("add", "change", "delete"):
        answer = as_viewer.post(address(row, page), {"post": "yes"})
        assert answer.status_code == 403, page

    assert list(model._default_manager.values()) == before
    assert not AuditEvent.objects.filter(event="admin.action").exists()
