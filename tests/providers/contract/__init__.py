"""The contract: what every connector promises, as functions of one case.

They are no tests by themselves, so that deliberate bugs can be held against them.
"""

from tests.providers.contract.promises import (
    account,
    by_id,
    display,
    links,
    listing,
    refusals,
    requests,
    rows,
)

PROMISES = (
    *listing.PROMISES,
    *rows.PROMISES,
    *by_id.PROMISES,
    *refusals.PROMISES,
    *requests.PROMISES,
    *account.PROMISES,
    *display.PROMISES,
    *links.PROMISES,
)
