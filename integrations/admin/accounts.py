"""Show users' accounts and keep what could open one out of sight."""

from typing import Any, cast

from allauth.account.admin import EmailConfirmation
from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.admin import UserSession
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from integrations.admin.base import ReadOnlyAdmin, name_of
from integrations.admin.log import AuditedAdmin
from integrations.models import Connection
from integrations.services.connections import account_deletion

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
class AccountAdmin(AuditedAdmin, UserAdmin):
    """Edit users; deleting one ends their connections and erases what they had."""

    list_display = ("email", "username", "is_active", "is_staff", "last_login")
    actions: Any = None

    def has_delete_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        may = super().has_delete_permission(request, obj)
        return may and not (obj and account_deletion.is_last_administrator(obj))

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Name the connections; their items may be millions and have no say."""
        listed: list[Any] = []
        for person in objs:
            own = Connection.objects.owned_by(person)
            listed += [name_of(person), [str(connection) for connection in own]]
        return listed, {"accounts": len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        account_deletion.erase(obj, actor=cast(User, request.user), by_staff=True)

    def response_delete(
        self, request: HttpRequest, obj_display: str, obj_id: int
    ) -> HttpResponse:
        self.message_user(request, f"{obj_display} is shut and is being erased.")
        return redirect("admin:auth_user_changelist")


@admin.register(SocialAccount)
class SocialAccountAdmin(ReadOnlyAdmin):
    """List which provider accounts are linked."""

    list_display = ("user", "provider", "uid", "date_joined", "last_login")
    list_filter = ("provider",)
    list_select_related = ("user",)
    search_fields = ("uid", "user__email")


@admin.register(Authenticator)
class AuthenticatorAdmin(AuditedAdmin, ReadOnlyAdmin):
    """List second factors, without what makes them work."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = ("user", "type", "created_at", "last_used_at")

    def has_delete_permission(
        self, request: HttpRequest, obj: object | None = None
    ) -> bool:
        return request.user.has_perm("mfa.delete_authenticator")


@admin.register(UserSession)
class UserSessionAdmin(ReadOnlyAdmin):
    """List where users are signed in, without the keys of their sessions."""

    list_display = ("user", "created_at", "last_seen_at", "ip", "user_agent")
    list_select_related = ("user",)
    search_fields = ("user__email", "ip")
    fields = ("user", "created_at", "last_seen_at", "ip", "user_agent")
