"""Manage accounts and groups as superusers do in the admin."""

import argparse
import getpass
import sys
from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from integrations.management.console import CHECKS, find_user
from integrations.management.output import SafeCommand
from integrations.models import SuspendedSignInMethod
from integrations.models.messages.wording import count_text
from integrations.services.common.errors import LastAdministratorError
from integrations.services.common.proof import RecentProof
from integrations.services.connections import account_deletion
from integrations.services.connections.staff import accounts
from integrations.services.connections.staff.acting import Actor

FLAGS = ("active", "staff", "superuser")
WARNINGS = {
    "delete": "The account is shut at once, its grants are ended, and everything it "
    "has is deleted for good.",
    "password": "Its second factors, passkeys and connected accounts sign nobody in "
    "until the user confirms them.",
    "delete-factors": "Its second factors are deleted for good.",
    "delete-address": "The address is taken away from the account.",
    "delete-group": "Its members lose the permissions that it gives.",
}


class Command(SafeCommand):
    """Make, change, shut and open accounts; exit code 1 where nothing was done."""

    requires_system_checks = CHECKS
    help = "List, add, change and delete accounts, their addresses and groups."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        of_act = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        listing = of_act.add_parser("list", help="list accounts")
        listing.add_argument("--staff-only", action="store_true")
        self._add_account_acts(of_act)
        self._add_group_acts(of_act)

    def _add_account_acts(self, of_act: Any) -> None:
        for name, what, run in (
            ("add", "make an account with a proven address and no password", self._add),
            (
                "change",
                "open or shut an account, give or take its privileges",
                self._change,
            ),
            (
                "password",
                "set a password, which is read from the terminal or a pipe",
                self._password,
            ),
            ("delete", "shut an account and erase what it has", self._delete),
            ("add-address", "give an account one more address", self._add_address),
            (
                "verify-address",
                "vouch for an address where no mail can prove it",
                self._verify_address,
            ),
            (
                "delete-address",
                "take an address away from an account",
                self._delete_address,
            ),
            (
                "delete-factors",
                "delete the second factors of an account",
                self._delete_factors,
            ),
        ):
            each = of_act.add_parser(name, help=what)
            each.set_defaults(run=run)
            each.add_argument("email", metavar="EMAIL")
            if name.endswith("-address"):
                each.add_argument("address", metavar="ADDRESS")
            _add_common(each)
            if name == "change":
                for flag in FLAGS:
                    each.add_argument(f"--{flag}", choices=("yes", "no"))
                each.add_argument("--groups", metavar="NAME,NAME")

    def _add_group_acts(self, of_act: Any) -> None:
        for name, what, run in (
            ("group", "make a group of staff, or change what it may", self._group),
            ("delete-group", "delete a group of staff", self._delete_group),
        ):
            each = of_act.add_parser(name, help=what)
            each.set_defaults(run=run)
            each.add_argument("name", metavar="NAME")
            _add_common(each)
            if name == "group":
                each.add_argument("--permissions", metavar="APP.NAME,…")

    def handle(self, *args: Any, **options: Any) -> None:
        act = options["act"]
        if act == "list":
            self._list(is_staff_only=options["staff_only"])
            return
        actor = _actor(options["superuser_email"])
        self._confirm(WARNINGS.get(act), options)
        try:
            told = options["run"](options, actor)
        except LastAdministratorError:
            told = "nobody could administer the site without this account"
            raise CommandError(told) from None
        except ValidationError as exc:
            raise CommandError(" ".join(exc.messages)) from None
        self.stdout.write(told)

    def _confirm(self, warning: str | None, options: dict[str, Any]) -> None:
        if not warning or options["yes"]:
            return
        self.stderr.write(f"{options.get('email') or options['name']}: {warning}")
        if not sys.stdin.isatty():
            raise CommandError("nothing was done; say --yes to do it")
        if input("Type yes to do it: ").strip() != "yes":
            raise CommandError("nothing was done")

    def _list(self, *, is_staff_only: bool) -> None:
        users = User.objects.order_by("email", "pk")
        for user in users.filter(is_staff=True) if is_staff_only else users.iterator():
            words = [f for f in FLAGS if getattr(user, f"is_{f}")]
            self.stdout.write(f"{user.email or user.username}: {', '.join(words)}")

    def _add(self, options: dict[str, Any], actor: Actor) -> str:
        user = accounts.add(options["email"], actor=actor)
        return f"made {user.email}; `manage.py accounts password` gives it a password"

    def _change(self, options: dict[str, Any], actor: Actor) -> str:
        user = find_user(options["email"])
        flags = {f"is_{f}": options[f] == "yes" for f in FLAGS if options[f]}
        if not flags and options["groups"] is None:
            raise CommandError("say what to change")
        groups = [_group(each) for each in _names(options["groups"])]
        if options["groups"] is not None:
            had = user.groups.values_list("name", flat=True)
            self._confirm(_loss("groups", had, (g.name for g in groups)), options)
        if flags:
            accounts.change(user, actor=actor, **flags)
        if options["groups"] is not None:
            accounts.set_groups(user, groups, actor=actor)
        return f"changed {options['email']}"

    def _password(self, options: dict[str, Any], actor: Actor) -> str:
        user = find_user(options["email"])
        is_asked = sys.stdin.isatty()
        typed = getpass.getpass("New password: ") if is_asked else sys.stdin.readline()
        password = typed.rstrip("\r\n")
        try:
            validate_password(password, user)
        except ValidationError as exc:
            raise CommandError(" ".join(exc.messages)) from None
        accounts.set_password(user, password, actor=actor)
        return f"{options['email']} has a new password"

    def _delete(self, options: dict[str, Any], actor: Actor) -> str:
        user = find_user(options["email"])
        if actor.proof is None:
            raise CommandError("what is deleted for good needs a name: say --as EMAIL")
        account_deletion.erase(user, proof=actor.proof, by_staff=True)
        return f"{options['email']} is shut and is being erased"

    def _add_address(self, options: dict[str, Any], actor: Actor) -> str:
        user = find_user(options["email"])
        address = accounts.add_address(user, options["address"], actor=actor)
        return f"added {address.email}, which is not verified"

    def _verify_address(self, options: dict[str, Any], actor: Actor) -> str:
        if not accounts.verify_address(_address(options), actor=actor):
            told = f"{options['address']} is verified for another account already"
            raise CommandError(told)
        return f"{options['address']} is verified"

    def _delete_address(self, options: dict[str, Any], actor: Actor) -> str:
        accounts.delete(_address(options), actor=actor)
        return f"deleted {options['address']}"

    def _delete_factors(self, options: dict[str, Any], actor: Actor) -> str:
        user = find_user(options["email"])
        rows = [
            *Authenticator.objects.filter(user=user),
            *SuspendedSignInMethod.objects.filter(user=user),
        ]
        if not rows:
            raise CommandError(f"{options['email']} has no second factor")
        for row in rows:
            accounts.delete(row, actor=actor)
        return f"deleted {len(rows)} of {options['email']}"

    def _group(self, options: dict[str, Any], actor: Actor) -> str:
        told = options["permissions"]
        names = None if told is None else _names(told)
        known = Group.objects.filter(name=options["name"]).first()
        if known and names is not None:
            had = accounts.permissions_of(known)
            self._confirm(_loss("permissions", had, names), options)
        try:
            group = accounts.set_group(options["name"], names, actor=actor)
        except Permission.DoesNotExist:
            told = "there is no such permission; docs/reference.md names them"
            raise CommandError(told) from None
        number = count_text(group.permissions.count(), "permission")
        return f"{group.name} gives {number}"

    def _delete_group(self, options: dict[str, Any], actor: Actor) -> str:
        accounts.delete(_group(options["name"]), actor=actor)
        return f"deleted {options['name']}"


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--as", dest="superuser_email", metavar="EMAIL", help="who")
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def _actor(email: str | None) -> Actor:
    if email is None:
        return Actor()
    user = find_user(email)
    if not (user.is_active and user.is_superuser):
        raise CommandError(f"{email} may not: that takes a superuser")
    return Actor(user=user, proof=RecentProof(user=user))


def _loss(what: str, had: Iterable[str], kept: Iterable[str]) -> str:
    """Return what is taken away, as a warning; empty where nothing is."""
    lost = sorted(set(had) - set(kept))
    return f"These {what} are taken away: {', '.join(lost)}." if lost else ""


def _names(text: str | None) -> list[str]:
    return [each.strip() for each in (text or "").split(",") if each.strip()]


def _group(name: str) -> Group:
    found = Group.objects.filter(name=name).first()
    if found is None:
        raise CommandError(f"there is no group {name!r}")
    return found


def _address(options: dict[str, Any]) -> EmailAddress:
    user = find_user(options["email"])
    own = EmailAddress.objects.filter(user=user, email__iexact=options["address"])
    found = own.first()
    if found is None:
        raise CommandError(f"{options['email']} has no address {options['address']}")
    return found
