"""What superusers do to accounts of others and to groups, each with its trail."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.utils import generate_unique_username
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from integrations.services.common.errors import LastAdministratorError
from integrations.services.connections import account_deletion, sign_in_methods
from integrations.services.connections.staff.acting import Actor, record

# Without one of them nobody gets into the admin and may do everything there.
FLAGS: Final = ("is_active", "is_staff", "is_superuser")


def free_address(text: str, *, user: User | None = None) -> str:
    """Return an address as sign-in looks it up, for an account or a new one.

    Raises ValidationError where it is no address, or one that somebody has: of two
    accounts with one address only one can be signed in to.
    """
    email = text.strip().lower()
    EmailAddress(email=email).clean_fields(exclude=["user"])
    others, addresses = User.objects.all(), EmailAddress.objects.all()
    if user:
        others, addresses = others.exclude(pk=user.pk), addresses.exclude(user=user)
    if any(rows.filter(email__iexact=email).exists() for rows in (others, addresses)):
        raise ValidationError(f"{email} is somebody's already")
    return email


def add(email: str, *, actor: Actor) -> User:
    """Make an account whose address is taken as proven; it has no password yet.

    Raises ValidationError where the address cannot be had.
    """
    with transaction.atomic():
        email = free_address(email)
        user = User.objects.create_user(generate_unique_username([email]), email)
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        record(actor, user, "add", detail={"email": email})
    return user


def locks_out(user: User, flags: Mapping[str, Any]) -> bool:
    """Tell, in a transaction, whether these flags would leave no administrator."""
    if all(flags.get(name, True) for name in FLAGS):
        return False
    # All of them are locked, or two could stop at once and nobody stay.
    list(User.objects.select_for_update().filter(is_superuser=True).order_by("pk"))
    return account_deletion.is_last_administrator(user)


def change(user: User, *, actor: Actor, **flags: bool) -> None:
    """Switch ``is_active``, ``is_staff`` or ``is_superuser`` of an account.

    Raises LastAdministratorError where nobody could administer the site then.
    """
    with transaction.atomic():
        if locks_out(user, flags):
            raise LastAdministratorError
        for name, value in flags.items():
            setattr(user, name, value)
        user.save(update_fields=list(flags))
        record(actor, user, "change", detail=flags)


def set_groups(user: User, groups: Iterable[Group], *, actor: Actor) -> None:
    """Put an account into these groups, and out of all others."""
    with transaction.atomic():
        user.groups.set(groups)
        names = user.groups.order_by("name").values_list("name", flat=True)
        record(actor, user, "change", detail={"groups": list(names)})


def set_password(user: User, password: str, *, actor: Actor) -> None:
    """Set somebody's password, and turn off whatever else opened the account."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        sign_in_methods.suspend_all(user)
        record(actor, user, "change", detail={"password": "set"})


def add_address(user: User, email: str, *, actor: Actor) -> EmailAddress:
    """Give an account one more address, not verified.

    Raises ValidationError where it cannot be had.
    """
    with transaction.atomic():
        email = free_address(email, user=user)
        address = EmailAddress(user=user, email=email)
        address.full_clean()
        address.save()
        record(actor, address, "add", detail={"email": email})
    return address


def verify_address(address: EmailAddress, *, actor: Actor) -> bool:
    """Vouch for an address where no mail can prove it; False if another has it."""
    if not address.set_verified():
        return False
    record(actor, address, "mark as verified")
    return True


def delete(row: EmailAddress | Authenticator | Group | Model, *, actor: Actor) -> None:
    """Delete an address, a second factor or a group."""
    with transaction.atomic():
        record(actor, row, "delete")
        row.delete()


def set_group(name: str, permissions: Iterable[str] | None, *, actor: Actor) -> Group:
    """Make a group, or change one: its members have these permissions.

    None leaves those that it gives. Raises Permission.DoesNotExist for a name
    (``app.codename``) of none.
    """
    with transaction.atomic():
        group, is_new = Group.objects.get_or_create(name=name)
        if permissions is not None:
            group.permissions.set(_permission(each) for each in permissions)
        detail = {"name": name, "permissions": permissions_of(group)}
        record(actor, group, "add" if is_new else "change", detail=detail)
    return group


def permissions_of(group: Group) -> list[str]:
    """Return the names (``app.codename``) of the permissions that a group gives."""
    given = group.permissions.select_related("content_type")
    return sorted(f"{each.content_type.app_label}.{each.codename}" for each in given)


def _permission(name: str) -> Permission:
    app, _, codename = name.partition(".")
    found = Permission.objects.filter(content_type__app_label=app, codename=codename)
    return found.get()
