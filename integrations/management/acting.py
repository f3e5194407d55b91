"""Share what the commands have in common by which staff act on rows."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.db.models import Model, QuerySet

from integrations.management.console import CHECKS, find_user
from integrations.management.output import SafeCommand
from integrations.models.messages.wording import count_text
from integrations.services.common.errors import ProofMissingError
from integrations.services.common.proof import RecentProof
from integrations.services.connections.staff.acting import Act, Actor

MOST_NAMED = 20
LIST = "list"


class ActingCommand(SafeCommand):
    """Command whose subcommands are the acts that the admin offers on one model.

    Who may run it has a shell on the machine; ``--as`` names the member of staff for
    the audit, whose permission is then asked for as in the admin. Exit code 1: of
    some row nothing came, or nobody confirmed.
    """

    requires_system_checks = CHECKS
    acts: ClassVar[tuple[Act, ...]]
    # What a row is called, and what names it.
    noun: ClassVar[str]
    key: ClassVar[str] = "ID"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        of_act = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        listing = of_act.add_parser(LIST, help=f"list {self.noun}s")
        self.add_filters(listing)
        for act in self.acts:
            name = act.command.partition(" ")[2]
            each = of_act.add_parser(name, help=act.help)
            each.add_argument("keys", nargs="*", metavar=self.key)
            self.add_filters(each)
            self.add_choices(each, act)
            each.add_argument("--as", dest="staff", metavar="EMAIL", help="who acts")
            each.add_argument("--yes", action="store_true", help="do it without asking")

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments by which rows are chosen, beside their keys."""

    def add_choices(self, parser: argparse.ArgumentParser, act: Act) -> None:
        """Add what has to be decided along with an act."""

    def rows(self, options: dict[str, Any]) -> QuerySet[Any]:
        """Return the rows that the filters leave."""
        raise NotImplementedError

    def find(self, rows: QuerySet[Any], keys: Iterable[str]) -> QuerySet[Any]:
        """Return the rows of these keys."""
        return rows.filter(pk__in=list(keys))

    def tell(self, rows: Iterable[Any]) -> Iterator[str]:
        """Yield a line about each row, its key first."""
        raise NotImplementedError

    def choices_of(self, options: dict[str, Any], rows: list[Any]) -> dict[str, Any]:
        """Return what was decided along with an act."""
        return {}

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == LIST:
            self._list(self.rows(options))
            return
        act = next(a for a in self.acts if a.command.endswith(f" {options['act']}"))
        rows = self._chosen(options)
        staff = _staff(options["staff"], act)
        self._confirm(act, rows, is_sure=options["yes"])
        actor = Actor(
            user=staff,
            proof=RecentProof(user=staff) if staff else None,
            choices=self.choices_of(options, rows),
        )
        self._perform(act, rows, actor)

    def _list(self, rows: QuerySet[Any]) -> None:
        is_empty = True
        for line in self.tell(rows.iterator(chunk_size=500)):
            self.stdout.write(line)
            is_empty = False
        if is_empty:
            # Silence would look like a command that did not work.
            self.stdout.write(f"no {self.noun} is like that")

    def _chosen(self, options: dict[str, Any]) -> list[Any]:
        rows, keys = self.rows(options), options["keys"]
        if keys:
            found = list(self.find(rows, keys))
            if len(found) < len(set(keys)):
                known = ", ".join(str(row.pk) for row in found) or "none"
                raise CommandError(f"not all of these are there; found: {known}")
            return found
        is_filtered = any(options[name] for name in self.filters)
        if not is_filtered:
            raise CommandError(f"name one or more by {self.key}, or a filter")
        return list(rows)

    @property
    def filters(self) -> tuple[str, ...]:
        """Return the names of the options that ``add_filters`` adds."""
        parser = argparse.ArgumentParser()
        self.add_filters(parser)
        return tuple(vars(parser.parse_args([])))

    def _confirm(self, act: Act, rows: list[Model], *, is_sure: bool) -> None:
        """Say what will be done, and ask where something is lost or many are meant."""
        if not rows:
            raise CommandError(f"no {self.noun} is like that")
        if is_sure or (not act.warning and len(rows) == 1):
            return
        number = count_text(len(rows), self.noun)
        self.stderr.write(f"{act.name} of {number}: {act.help}. {act.warning}")
        for line in self.tell(rows[:MOST_NAMED]):
            self.stderr.write(f"  {line}")
        if len(rows) > MOST_NAMED:
            self.stderr.write(f"  and {len(rows) - MOST_NAMED:,} more")
        if not sys.stdin.isatty():
            raise CommandError("nothing was done; say --yes to do it")
        if input("Type yes to do it: ").strip() != "yes":
            raise CommandError("nothing was done")

    def _perform(self, act: Act, rows: list[Any], actor: Actor) -> None:
        undone = 0
        for row in rows:
            # It may be the end of the row.
            [line] = list(self.tell([row]))
            try:
                outcome = act.perform(row, actor)
            except ProofMissingError:
                told = "what is deleted for good needs a name: say --as EMAIL"
                raise CommandError(told) from None
            undone += not outcome.is_done
            self.stdout.write(f"{outcome.text}: {line}")
        if undone:
            raise CommandError(f"of {count_text(undone, self.noun)} nothing came")


def _staff(email: str | None, act: Act) -> User | None:
    """Return who acts, if that was told; refuse those who may not in the admin."""
    if email is None:
        return None
    user = find_user(email)
    if not (user.is_active and user.is_staff and user.has_perm(act.permission)):
        raise CommandError(f"{email} may not: that takes {act.permission}")
    return user
