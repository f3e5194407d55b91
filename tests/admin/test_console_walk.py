"""Whatever can be clicked in the admin is a command as well, of the same permission."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.contrib.auth.models import Permission, User
from django.core.management import load_command_class
from django.test import RequestFactory

from integrations.services.connections.staff import acts
from integrations.services.connections.staff.acting import Act
from tests.admin.test_audit_walk import ADDED, ADMINS, DELETED, FORMS, actions_of

ROOT = Path(__file__).parents[2]
# Actions that are no act of ours, and forms and pages, by model.
OTHERS = {
    "EmailAddress": {
        "add": "accounts add-address",
        "change": "accounts verify-address",
        "delete": "accounts delete-address",
        "delete_selected": "accounts delete-address",
        "make_verified": "accounts verify-address",
    },
    "User": {
        "add": "accounts add",
        "change": "accounts change",
        "delete": "accounts delete",
        "auth_user_password_change": "accounts password",
    },
    "Group": {
        "add": "accounts group",
        "change": "accounts group",
        "delete": "accounts delete-group",
        "delete_selected": "accounts delete-group",
    },
    "Authenticator": {"delete": "accounts delete-factors"},
    "SuspendedSignInMethod": {"delete": "accounts delete-factors"},
    "Notice": {"integrations_notice_test": "notices --test"},
}
# Buttons of one row do what the actions of its list do.
SAME_AS_ACTIONS = re.compile(r"_act$")
ACTS = [each for each in vars(acts).values() if isinstance(each, Act)]
BY_ACTION = {act.name.replace(" ", "_"): act for act in ACTS}


def clicks() -> Iterator[tuple[str, str]]:
    """Yield what a superuser can click: actions, forms, and pages of our own."""
    root = User(pk=1, is_staff=True, is_superuser=True, is_active=True)
    stock = {re.sub(r"^.*_", "", url.name or "") for url in _stock_urls()}
    for name, each in ADMINS.items():
        for action in actions_of(name, root):
            yield name, action
        for kind, models in (("add", ADDED), ("change", FORMS), ("delete", DELETED)):
            if name in models:
                yield name, kind
        for url in each.get_urls():
            own = url.name or ""
            is_stock = own.rpartition("_")[2] in stock and "password" not in own
            if own and not is_stock and not SAME_AS_ACTIONS.search(own):
                yield name, own


def _stock_urls() -> list[Any]:
    return ModelAdmin(Permission, admin.site).get_urls()


CLICKS = sorted(clicks())


def test_the_walk_finds_what_there_is_to_click() -> None:
    assert {("Connection", "pause"), ("FailedRevocation", "dismiss")} <= set(CLICKS)
    told = {(model, click) for model, each in OTHERS.items() for click in each}
    assert told <= set(CLICKS)
    assert {click for _, click in CLICKS} >= BY_ACTION.keys()


@pytest.mark.parametrize(("model", "click"), CLICKS)
def test_each_click_is_a_command(model: str, click: str) -> None:
    command = OTHERS.get(model, {}).get(click) or BY_ACTION[click].command
    name, _, rest = command.partition(" ")

    parser = load_command_class("integrations", name).create_parser("manage.py", name)

    offered = {option for each in parser._actions for option in each.option_strings}
    offered |= {word for each in parser._actions for word in each.choices or ()}
    assert rest in offered


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_each_act_takes_the_same_permission_in_the_admin(db: None, act: Act) -> None:
    action = act.name.replace(" ", "_")
    [name] = [name for name, click in CLICKS if click == action]
    clerk = User.objects.create_user("vic", "vic@example.com", is_staff=True)
    codename = act.permission.partition(".")[2]
    others = Permission.objects.exclude(codename=codename)
    clerk.user_permissions.set(others)
    request = RequestFactory().get("/")

    request.user = User.objects.get(pk=clerk.pk)
    assert action not in ADMINS[name].get_actions(request)

    clerk.user_permissions.set(Permission.objects.filter(codename=codename))
    request.user = User.objects.get(pk=clerk.pk)
    assert action in ADMINS[name].get_actions(request)
