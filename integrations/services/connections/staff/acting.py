"""Act of staff on one row: what it does, who may, what is lost, and its trail."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest
from msgspec import Struct, field

from integrations.services.common import audit
from integrations.services.common.proof import RecentProof


class Actor(Struct, frozen=True, kw_only=True):
    """Who acts: a member of staff, by a request of the admin or on the console.

    ``user`` is None on a console that was not told who sits at it. ``choices`` are
    what was decided along with the act, such as what happens to the items.
    """

    user: User | None = None
    request: HttpRequest | None = None
    proof: RecentProof | None = None
    choices: Mapping[str, Any] = field(default_factory=dict)


class Outcome(NamedTuple):
    """What became of one row, in words, and whether anything did."""

    text: str
    is_done: bool = True


def left_alone(why: str) -> Outcome:
    """Return the outcome of an act that there was nothing to do for."""
    return Outcome(f"left alone because {why}", is_done=False)


Step = Callable[[Any, Actor], Outcome]


class Act(Struct, frozen=True, kw_only=True):
    """One act on rows of one model.

    ``name`` is what the audit calls it, and with underscores the admin's action.
    ``command`` is its place under ``manage.py``, ``permission`` Django's name of the
    right that it takes, and ``warning`` what is lost by it, where something is.
    """

    name: str
    command: str
    permission: str
    help: str
    step: Step
    warning: str = ""

    def perform(self, row: Model, actor: Actor) -> Outcome:
        """Do it to one row, and record that somebody did."""
        # Some acts delete the row, and with it its key.
        key = row.pk
        outcome = self.step(row, actor)
        row.pk = key
        record(actor, row, f"{self.name}: {outcome.text}")
        return outcome


def record(
    actor: Actor, row: Model, action: str, *, detail: Mapping[str, Any] | None = None
) -> None:
    """Record that staff did something to a row: for the admin's history and audit.

    ``detail`` are the values that it has from now on, by the names of its columns.
    """
    told = {"detail": dict(detail)} if detail else {}
    if actor.user is not None:
        values = "; ".join(f"{name}: {value}" for name, value in (detail or {}).items())
        message = f"{action.capitalize()}{f' ({values})' if values else ''}."
        LogEntry.objects.log_actions(
            actor.user.pk, [row], CHANGE, change_message=message
        )
    place = {} if actor.request else {"by": "console"}
    audit.record(
        "admin.action",
        user=actor.user,
        subject=row.pk,
        request=actor.request,
        model=type(row).__name__,
        action=action,
        **told,
        **place,
    )
