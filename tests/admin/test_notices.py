"""Staff try from the admin the ways by which operators are told."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.test import Client
from django.urls import reverse

from integrations.models import AuditEvent, Notice
from integrations.services.notices import sending
from tests.admin.conftest import sign_in

LIST = "admin:integrations_notice_changelist"
TEST = "admin:integrations_notice_test"


def pressed(browser: Client) -> str:
    page = browser.get(reverse(LIST)).content.decode()
    assert f'action="{reverse(TEST)}"' in page
    answer = browser.post(reverse(TEST), follow=True)
    return " ".join(str(message) for message in answer.context["messages"])


def test_a_test_takes_each_way_once_a_minute(as_staff: Client, settings: Any) -> None:
    settings.ADMINS = [("", "ops@example.com")]

    assert "by mail" in pressed(as_staff).lower()
    assert "Wait a minute" in pressed(as_staff)

    notice = Notice.objects.get()
    assert (notice.phase, notice.user) == (Notice.Phase.TEST, None)
    assert AuditEvent.objects.get(event="admin.action").subject == str(notice.pk)
    sending.send_due()
    assert [message.to for message in mail.outbox] == [["ops@example.com"]]


def test_without_a_way_the_settings_are_named(as_staff: Client, settings: Any) -> None:
    settings.ADMINS = []

    assert "ADMIN_EMAILS" in pressed(as_staff)
    assert not Notice.objects.exists()


@pytest.fixture
def viewer(db: None) -> Client:
    """Return staff who may see notices, and no more."""
    user = User.objects.create_user("dan", "dan@example.com", "viewer-7", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_notice"))
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    return sign_in(user, "password", "mfa")


def test_who_may_only_view_sends_none(viewer: Client, settings: Any) -> None:
    settings.ADMINS = [("", "ops@example.com")]

    assert reverse(TEST) not in viewer.get(reverse(LIST)).content.decode()
    assert viewer.post(reverse(TEST)).status_code == 403
    assert not Notice.objects.exists()
