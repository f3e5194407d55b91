"""What superusers do to accounts of others and to groups, each with its trail."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.utils import generate_unique_username
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.db.models import Model

from integrations.services.common.errors import LastAdministratorError
from integrations.services.connections import account_deletion, sign_in_methods
from integrations.services.connections.staff.acting import Actor, record


def add(email: str, *, actor: Actor) -> User:
    """Make an account whose address is taken as proven; it has no password yet."""
    with transaction.atomic():
        user = User.objects.create_user(generate_unique_username([email]), email)
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        record(actor, user, "add")
    return user


def change(user: User, *, actor: Actor, **flags: bool) -> None:
    """Switch ``is_active``, ``is_staff`` or ``is_superuser`` of an account.

    Raises LastAdministratorError where nobody could administer the site then.
    """
    with transaction.atomic():
        # All of them are locked, or two could stop at once and nobody stay.
        list(User.objects.select_for_update().filter(is_superuser=True).order_by("pk"))
        locks_out = {"is_active": False, "is_superuser": False}.items() & flags.items()
        if locks_out and account_deletion.is_last_administrator(user):
            raise LastAdministratorError
        for name, value in flags.items():
            setattr(user, name, value)
        user.save(update_fields=list(flags))
        record(actor, user, "change")


def set_groups(user: User, groups: Iterable[Group], *, actor: Actor) -> None:
    """Put an account into these groups, and out of all others."""
    with transaction.atomic():
        user.groups.set(groups)
        record(actor, user, "change")


def set_password(user: User, password: str, *, actor: Actor) -> None:
    """Set somebody's password, and turn off whatever else opened the account."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        sign_in_methods.suspend_all(user)
        record(actor, user, "change")


def add_address(user: User, email: str, *, actor: Actor) -> EmailAddress:
    """Give an account one more address, not verified."""
    with transaction.atomic():
        address = EmailAddress.objects.create(user=user, email=email)
        record(actor, address, "add")
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


def set_group(name: str, permissions: Iterable[str], *, actor: Actor) -> Group:
    """Make a group, or change one: its members have these permissions.

    Raises Permission.DoesNotExist for a name (``app.codename``) of none.
    """
    with transaction.atomic():
        group, is_new = Group.objects.get_or_create(name=name)
        group.permissions.set(_permission(each) for each in permissions)
        record(actor, group, "add" if is_new else "change")
    return group


def _permission(name: str) -> Permission:
    app, _, codename = name.partition(".")
    found = Permission.objects.filter(content_type__app_label=app, codename=codename)
    return found.get()
