"""Give the tests of the page of changes deals with a stage and an amount."""

import pytest

from tests.support.pages.kept_rows import kept
from tests.support.rows import make_deals

FIELDS = [
    {
        "name": "dealstage",
        "label": "Stage",
        "kind": "choice",
        "options": {"s1": "Open", "s2": "Won"},
    },
    {"name": "amount", "label": "Amount", "kind": "number"},
]


@pytest.fixture
@kept
def deals(connection):
    return make_deals(connection, FIELDS)
