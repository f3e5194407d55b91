"""Read what the frame of every page needs, by a statement made once in a process.

Django takes ten times as long to make it as the database takes to answer it.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Exists

from integrations.models import Preferences
from integrations.services.common.sealing import crypto
from integrations.services.connections.facts import needing_user

# No account has this key: in a statement that is kept it stands for who asks.
ASKING: Final = -1
COLUMNS: Final = {
    f"preferences__{name}": name
    for name in (
        *("user_id", "time_zone", "changes_seen_at", "visited_at"),
        "has_shortcuts",
    )
}


def read_frame(user: AbstractBaseUser | AnonymousUser) -> tuple[Preferences, bool]:
    """Return what a user has chosen, and whether a connection needs the user.

    Nothing chosen is a row that is not stored.
    """
    statement, values = _statement(crypto.known_prefixes())
    parameters = [user.pk if value == ASKING else value for value in values]
    rows = Preferences.objects.raw(statement, parameters, translations=COLUMNS)
    for found in rows:
        chosen = Preferences() if found.pk is None else found
        return chosen, bool(vars(found)["needs_user"])
    return Preferences(), False


@cache
def _statement(_prefixes: tuple[str, ...]) -> tuple[str, Sequence[Any]]:
    """Return the statement and its values for the keys whose prefixes are given."""
    own = User.objects.filter(pk=ASKING)
    own = own.annotate(needs_user=Exists(needing_user(User(pk=ASKING))))
    statement, values = own.values(*COLUMNS, "needs_user").query.sql_with_params()
    return statement, values
