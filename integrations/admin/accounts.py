"""Show people's accounts and keep what could open one out of sight."""

from typing import Any

from allauth.account.admin import EmailConfirmation
from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.admin import UserSession
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest

from integrations.admin.base import ReadOnlyAdmin
from integrations.models import Connection

# The imports above are from allauth's admin modules, so that theirs are registered
# before ours take their place.
for model in (
    User,
    Authenticator,
    EmailConfirmation,
    SocialAccount,
    SocialApp,
    SocialToken,
    UserSession,
):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(User)
class AccountAdmin(UserAdmin):
    """Edit people, and never delete one whose grants are not given back yet."""

    list_display = ("email", "username", "is_active", "is_staff", "last_login")
    actions: Any = None

    def has_delete_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        """Allow it once the connections are gone: their tokens must be revoked."""
        may = super().has_delete_permission(request, obj)
        if obj is None:
            return may
        return may and not Connection.objects.owned_by(obj).exists()


@admin.register(SocialAccount)
class SocialAccountAdmin(ReadOnlyAdmin):
    """List which provider accounts are linked."""

    list_display = ("user", "provider", "uid", "date_joined", "last_login")
    list_filter = ("provider",)
    list_select_related = ("user",)
    search_fields = ("uid", "user__email")


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """List second factors, without what makes them work."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = ("user", "type", "created_at", "last_used_at")

    def has_delete_permission(
        self, request: HttpRequest, obj: object | None = None
    ) -> bool:
        """Allow it: a person who lost their device asks staff."""
        return request.user.has_perm("mfa.delete_authenticator")


@admin.register(UserSession)
class UserSessionAdmin(ReadOnlyAdmin):
    """List where people are signed in, without the keys of their sessions."""

    list_display = ("user", "created_at", "last_seen_at", "ip", "user_agent")
    list_select_related = ("user",)
    search_fields = ("user__email", "ip")
    fields = ("user", "created_at", "last_seen_at", "ip", "user_agent")
