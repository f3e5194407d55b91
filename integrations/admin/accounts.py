"""Show users' accounts and keep what could open one out of sight."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, cast

from allauth.account.admin import EmailAddress, EmailConfirmation
from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.admin import UserSession
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from integrations.admin.base import GuardedAdmin, ReadOnlyAdmin, name_of, proof_of
from integrations.admin.filters import ProviderFilter
from integrations.models import Connection, SuspendedSignInMethod
from integrations.services.connections import account_deletion, sign_in_methods
from integrations.services.connections.staff import accounts as service
from integrations.services.connections.staff.acting import Actor

# The imports above are from allauth's admin modules, so that theirs are registered
# before ours take their place.
for model in (
    User,
    Group,
    EmailAddress,
    Authenticator,
    EmailConfirmation,
    SocialAccount,
    SocialApp,
    SocialToken,
    UserSession,
):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


# Who has one of these can do more than others.
PRIVILEGES = ("is_staff", "is_superuser", "groups", "user_permissions")


class SuperuserAdmin(GuardedAdmin):
    """Let superusers change rows that could make somebody mightier; others look."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return request.user.is_superuser

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return request.user.is_superuser


class AccountForm(UserChangeForm):
    """Change an account, but not so that it or the admin is shut by mistake."""

    def clean_email(self) -> str:
        """Take no address that another account has."""
        email = str(self.cleaned_data["email"])
        is_new = email and "email" in self.changed_data
        return service.free_address(email, user=self.instance) if is_new else email

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if service.locks_out(self.instance, cleaned or {}):
            raise ValidationError("Nobody could administer the site without it.")
        return cleaned


class AddressForm(ModelForm):
    """Give an account an address that nobody has."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if "email" in self.changed_data and "email" in cleaned:
            owner = cleaned.get("user")
            cleaned["email"] = service.free_address(cleaned["email"], user=owner)
        return cleaned


def _with_values(message: Any, form: ModelForm, names: Iterable[str]) -> Any:
    """Add to what was added or changed, in Django's terms, what it is now.

    Beside Django's words, which its history reads: "added" has names there, or nothing.
    """
    values = {
        name: sorted(map(str, told)) if isinstance(told, QuerySet) else told
        for name in names
        if name in form.changed_data
        for told in (form.cleaned_data[name],)
    }
    if values:
        message[0]["values"] = values
    return message


@admin.register(Group)
class RoleAdmin(SuperuserAdmin, GroupAdmin):
    """Edit groups, which give their members permissions."""

    def construct_change_message(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        add: bool = False,  # noqa: FBT001, FBT002 (Django's own)
    ) -> Any:
        """Return what was changed, with the permissions that it gives now."""
        message = super().construct_change_message(request, form, formsets, add)
        return _with_values(message, form, ("permissions",))


@admin.register(EmailAddress)
class EmailAddressAdmin(SuperuserAdmin):
    """Edit e-mail addresses, by which accounts are signed in to and recovered."""

    list_display = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified")
    list_select_related = ("user",)
    search_fields = ("email",)
    raw_id_fields = ("user",)
    form = AddressForm
    actions: Any = ("make_verified",)

    @admin.action(description="Mark as verified", permissions=["change"])
    def make_verified(
        self, request: HttpRequest, queryset: QuerySet[EmailAddress]
    ) -> None:
        """Vouch for addresses, where no mail can prove them."""
        for address in queryset.filter(verified=False):
            actor = Actor(user=cast(User, request.user), request=request)
            if service.verify_address(address, actor=actor):
                self.message_user(request, f"{address.email} is verified.")
            else:
                self.message_user(
                    request,
                    f"{address.email} is verified for another account already.",
                    messages.ERROR,
                )


@admin.register(User)
class AccountAdmin(GuardedAdmin, UserAdmin):
    """Edit users; deleting one ends their connections and erases what they had.

    Only superusers give privileges, and only they change or delete who has some:
    whoever sets the password of an account has what the account may do.
    """

    list_display = ("email", "username", "is_active", "is_staff", "last_login")
    actions: Any = None
    form = AccountForm

    def construct_change_message(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        add: bool = False,  # noqa: FBT001, FBT002 (Django's own)
    ) -> Any:
        """Return what was changed, with the privileges that it has now."""
        message = super().construct_change_message(request, form, formsets, add)
        return _with_values(message, form, ("is_active", *PRIVILEGES))

    def get_readonly_fields(
        self, request: HttpRequest, obj: User | None = None
    ) -> tuple[str, ...]:
        fixed = super().get_readonly_fields(request, obj)
        return (*fixed, *(() if request.user.is_superuser else PRIVILEGES))

    def has_change_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        may = super().has_change_permission(request, obj)
        return may and _is_above(request, obj)

    def has_delete_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        may = super().has_delete_permission(request, obj) and _is_above(request, obj)
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

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 - as Django calls it
        form_url: str = "",
    ) -> HttpResponse:
        """Set somebody's password, and turn off whatever else opened the account.

        Not for staff who set their own: they have just proved both factors.
        """
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            if response.status_code == HTTPStatus.FOUND and id != str(request.user.pk):
                sign_in_methods.suspend_all(User.objects.get(pk=id))
        return response

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        account_deletion.erase(obj, proof=proof_of(request), by_staff=True)

    def response_delete(
        self, request: HttpRequest, obj_display: str, obj_id: int
    ) -> HttpResponse:
        self.message_user(request, f"{obj_display} is shut and is being erased.")
        return redirect("admin:auth_user_changelist")


def _is_above(request: HttpRequest, user: User | None) -> bool:
    """Tell whether an account has no privileges, or is seen by a superuser."""
    if user is None or request.user.is_superuser:
        return True
    has_more = user.groups.exists() or user.user_permissions.exists()
    return not (user.is_staff or user.is_superuser or has_more)


@admin.register(SocialAccount)
class SocialAccountAdmin(ReadOnlyAdmin):
    """List which provider accounts are linked."""

    list_display = ("user", "provider", "uid", "date_joined", "last_login")
    list_filter = (ProviderFilter,)
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
        self, request: HttpRequest, obj: Authenticator | None = None
    ) -> bool:
        may = request.user.has_perm("mfa.delete_authenticator")
        return may and _is_above(request, obj.user if obj else None)


@admin.register(SuspendedSignInMethod)
class SuspendedSignInMethodAdmin(ReadOnlyAdmin):
    """List ways to sign in that a password reset has turned off."""

    list_display = ("user", "kind", "created_at", "suspended_at")
    list_filter = ("kind",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = ("user", "kind", "created_at", "suspended_at")

    def has_delete_permission(
        self, request: HttpRequest, obj: object | None = None
    ) -> bool:
        """Let superusers take away second factors of staff who have lost theirs."""
        return request.user.is_superuser


@admin.register(UserSession)
class UserSessionAdmin(ReadOnlyAdmin):
    """List where users are signed in, without the keys of their sessions."""

    list_display = ("user", "created_at", "last_seen_at", "ip", "user_agent")
    list_select_related = ("user",)
    search_fields = ("user__email", "ip")
    fields = ("user", "created_at", "last_seen_at", "ip", "user_agent")
