"""Accounts in the admin: how people sign in stays hidden, and they end with care."""

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from integrations.models import AuditEvent
from integrations.services.connections import account_deletion
from tests.support.rows import NOON, make_item


def test_second_factors_and_sessions_hide_what_makes_them_work(as_staff, staff, alice):
    factor = Authenticator.objects.create(
        user=alice, type="totp", data={"secret": "HUSHHUSH"}
    )
    session = UserSession.objects.create(
        user=alice,
        session_key="k3y-0f-s3ss10n",
        ip="127.0.0.1",
        user_agent="x",
        created_at=NOON,
        last_seen_at=NOON,
    )
    linked = SocialAccount.objects.create(user=alice, provider="hubspot", uid="1:1")

    pages = [
        as_staff.get(f"/admin/{path}/change/").content.decode()
        for path in (
            f"mfa/authenticator/{factor.pk}",
            f"usersessions/usersession/{session.pk}",
            f"socialaccount/socialaccount/{linked.pk}",
        )
    ]

    assert all("alice" in page for page in pages)
    assert "HUSHHUSH" not in pages[0]
    assert "k3y-0f-s3ss10n" not in pages[1]


def test_deleting_a_user_shuts_the_account_and_erases_it_later(
    as_staff, connection, collection
):
    item = make_item(collection)
    alice = connection.owner
    path = f"/admin/auth/user/{alice.pk}/delete/"
    page = as_staff.get(path).content.decode()

    answer = as_staff.post(path, {"post": "yes"}, follow=True)

    assert "alice@example.com" in page
    assert "Acme" in page
    assert "is being erased" in answer.content.decode()
    alice.refresh_from_db()
    assert not alice.is_active
    assert type(item).objects.exists()
    assert account_deletion.erase_due() == 0
    assert not User.objects.filter(pk=alice.pk).exists()
    assert not LogEntry.objects.filter(object_repr__contains="alice").exists()


def test_the_last_administrator_is_not_deleted(as_staff, staff):
    path = f"/admin/auth/user/{staff.pk}/delete/"

    assert as_staff.post(path, {"post": "yes"}).status_code == 403


def test_edits_of_accounts_are_in_the_audit_trail(as_staff, alice):
    path = f"/admin/auth/user/{alice.pk}/change/"
    form = as_staff.get(path).context["adminform"].form
    values = {
        name: value for name, value in form.initial.items() if isinstance(value, str)
    }

    as_staff.post(
        path,
        {
            **values,
            "first_name": "Alice",
            "date_joined_0": "2026-11-01",
            "date_joined_1": "12:00:00",
        },
    )

    event = AuditEvent.objects.get(event="admin.action")
    assert (event.subject, event.facts["action"]) == (str(alice.pk), "change")
    assert "First name" in str(event.facts["detail"])


def test_the_audit_trail_names_users_by_their_address(as_staff, alice):
    AuditEvent.objects.create(event="account.signed_in", user=alice)

    page = as_staff.get("/admin/integrations/auditevent/").content.decode()

    assert "alice@example.com" in page
