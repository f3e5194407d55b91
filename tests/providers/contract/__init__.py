"""The contract: what every connector promises, as functions of one case.

They are no tests by themselves, so that deliberate bugs can be held against them.
"""

from tests.providers.contract import account, display, listing, refusals, requests, rows

PROMISES = (
    *listing.PROMISES,
    *rows.PROMISES,
    *refusals.PROMISES,
    *requests.PROMISES,
    *account.PROMISES,
    *display.PROMISES,
)
