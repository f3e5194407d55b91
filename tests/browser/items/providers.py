"""Somebody with items of one provider or another, and where those are listed."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from tests.browser.items.test_changes_and_links import IDENTITIES, TWICE, UNREAD
from tests.browser.test_accessibility import EMAIL
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack

WHO = {"hubspot": EMAIL, "airtable": TWICE}
CONNECTED = (
    "select 1 from integrations_connection n join auth_user u on u.id = n.owner_id"
    " where u.email = ? and n.provider = ?"
)
TABLE = (
    "select c.id from integrations_collection c"
    " join integrations_connection n on n.id = c.connection_id"
    " join auth_user u on u.id = n.owner_id"
    " where u.email = ? and n.provider = ? and c.name like ?"
    " and c.first_full_refresh_at is not null order by c.stored_count desc limit 1"
)


@dataclass(frozen=True)
class Account:
    """A user whose account of a provider is read, and how to find their tables."""

    email: str
    provider: str
    site: Stack

    def table(self, name: str) -> str:
        """Return the address of the largest table whose name ends so."""
        asked = (TABLE, self.email, self.provider, f"%{name}")
        found = wait_until(
            lambda: self.site.rows(*asked), f"{name} is read", seconds=90
        )
        return f"/collections/{UUID(str(found[0][0]))}/"


@pytest.fixture(scope="module")
def account_of(site: Stack) -> Callable[[str], Account]:
    """Return what connects an account of a provider, where it is not yet."""

    def get(provider: str) -> Account:
        email = WHO[provider]
        if not site.rows(CONNECTED, email, provider):
            identities = IDENTITIES if provider == "airtable" else ("",)
            for identity in identities:
                told = {"identity": identity} if identity else {}
                site.user(email).connect(provider, **told)
        wait_until(
            lambda: (
                site.rows(TABLE, email, provider, "%") and not site.rows(UNREAD, email)
            ),
            "all is read",
            seconds=120,
        )
        return Account(email=email, provider=provider, site=site)

    return get
