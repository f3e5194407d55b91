"""Share the tests out to pytest's workers, so that what is slow is made once.

pytest-xdist 3.8.0 has groups by marker, but writes them where pytest 9.2 does not
look: with that pair its tests are silently not grouped. So here a test's name says
where it belongs.
"""

from xdist.scheduler import LoadScopeScheduling

BROWSER, REAL = "tests/browser/", "tests/real/"
DATABASES = ("postgres", "sqlite")
# Each has a server of its own that its tests share.
TOGETHER = (
    "tests/real/test_consents.py",
    "tests/real/test_doors.py",
    "tests/real/test_health.py",
    "tests/real/test_limits.py",
    "tests/real/test_own_columns.py",
    "tests/real/test_slow_clients.py",
)
# Most of a minute each: whoever began one last would keep the others waiting.
LONG = (
    "tests/providers/test_mutations.py",
    "tests/views/connections/test_truth.py",
    "tests/views/items/parts/test_detail.py",
    "tests/views/items/search/test_search.py",
)


def group_of(node_id: str) -> str:
    """Return the name that tests have in common which one worker runs.

    A stack lives as long as its group, which is a file where the file has one. Other
    tests on real processes have stacks of their own and are groups of one; tests
    without a server share their file's data.
    """
    path, _, test = node_id.partition("::")
    if path.startswith(BROWSER):
        return BROWSER
    if path.startswith(REAL) and path not in TOGETHER:
        parameters = test.partition("[")[2].rstrip("]").split("-")
        return next((name for name in DATABASES if name in parameters), node_id)
    return path


def order_of(node_id: str) -> int:
    """Return when a test's turn is: shared stacks, own stacks, and no server last.

    The long files of those without a server come before the many short ones.
    """
    if not node_id.startswith((BROWSER, REAL)):
        return 3 if node_id.startswith(LONG) else 4
    shared = (*DATABASES, BROWSER)
    group = group_of(node_id)
    return shared.index(group) - 1 if group in shared else 2


class InGroups(LoadScopeScheduling):
    """Give each group to one worker, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
