"""Share the tests out to pytest's workers, so that what is slow is made once.

pytest-xdist 3.8.0 has groups by marker, but writes them where pytest 9.2 does not
look: with that pair its tests are silently not grouped. So here a test's name says
where it belongs.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

BROWSER, REAL = "tests/browser/", "tests/real/"
# The pages of items and the rest take minutes each, so they have sites of their own.
ITEMS = f"{BROWSER}items/"
# So do they: what they press is what others need, and they take as long.
CONTROLS = (
    "tests/browser/test_account_controls.py",
    "tests/browser/test_every_control.py",
)
DATABASES = ("postgres", "sqlite")
# Each has a server of its own that its tests share, one for each database if it asks
# for both.
TOGETHER = (
    "tests/real/grants/test_consents.py",
    "tests/real/web/test_doors.py",
    "tests/real/grants/test_grants.py",
    "tests/real/web/test_health.py",
    "tests/real/web/test_limits.py",
    "tests/real/pages/test_own_columns.py",
    "tests/real/web/test_slow_clients.py",
)
# Their tests for a database share one stack between the files.
ONE_STACK = (
    "tests/real/pages/test_editing.py",
    "tests/real/pages/test_journey.py",
    "tests/real/operations/test_prometheus.py",
    "tests/real/sync/test_proof.py",
    "tests/real/pages/test_search.py",
)
# Minutes each: whoever began one last would keep the others waiting.
LONGEST = (
    BROWSER,
    "tests/real/operations/test_game_day.py",
    "tests/real/pages/test_tables.py",
)
# Most of a minute each beside others, without a server: they wait, or compute for ten
# seconds.
LONG = (
    "tests/config/test_write_queue.py",
    "tests/providers/test_mutations.py",
    "tests/services/items/tables/test_model.py",
    "tests/services/upkeep/checks/test_faults.py",
    "tests/upgrades/test_upgrades.py",
    "tests/views/connections/test_truth.py",
    "tests/views/items/tables/test_page_cost.py",
)
# So many of pytest's workers, or more, begin with what waits: one for each group of the
# longest. That leaves a part of two cores idle; another worker, the last, fills it from
# the other end.
WAITING = 4


def group_of(node_id: str) -> str:
    """Return the name that tests have in common which one worker runs.

    A stack lives as long as its group. Other tests on real processes have stacks of
    their own and are groups of one; tests without a server share their file's data.
    """
    path, _, test = node_id.partition("::")
    if path.startswith(BROWSER):
        if path in CONTROLS:
            return f"{BROWSER} controls"
        return ITEMS if path.startswith(ITEMS) else BROWSER
    parameters = test.partition("[")[2].rstrip("]").split("-")
    database = next((name for name in DATABASES if name in parameters), "")
    if path in ONE_STACK:
        return database or node_id
    if path.startswith(REAL) and path not in TOGETHER:
        return node_id
    return f"{path} {database}" if path in TOGETHER and database else path


def order_of(node_id: str) -> int:
    """Return when a test's turn is: long ones, other real processes, no server last.

    A worker is given two groups at first, if one is a single test, and the second has
    to wait: so there are no more files of long ones than workers, and then short ones.
    The long files of those without a server come before the many short ones.
    """
    if node_id.startswith(LONGEST) and not node_id.startswith(CONTROLS):
        return 0
    if node_id.startswith((REAL, *CONTROLS)):
        return 1 if group_of(node_id) in DATABASES else 2
    return 3 if node_id.startswith(LONG) else 4


def stack_of(item: pytest.Item | None) -> str:
    """Return which of the stacks that tests share this one uses, if it does."""
    call = getattr(item, "callspec", None)
    return str(call.params.get("stack", "")) if call else ""


class InGroups(LoadScopeScheduling):
    """Give each group to one worker, in the order in which they were collected.

    Where there is one beyond those that begin with what waits, it is given the last.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        if node in self.nodes[WAITING:][-1:]:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)
