"""What no date tells is found by every sync: links, and what is stored wrongly here."""

from dataclasses import dataclass

import pytest

from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack
from tests.real.support.web_user import WebUser

pytestmark = [
    pytest.mark.real,
    pytest.mark.parametrize("stack", ["sqlite"], indirect=True),
]
PORTAL, USER = "146201883", "7301155"
OF_RUN = "select id from integrations_syncrun where connection_id = ?"
LONG_AGO = "2020-01-01 00:00:00"


@dataclass(kw_only=True)
class Account:
    """An account that was read once, on a stack that others use as well."""

    stack: Stack
    user: WebUser
    path: str

    @property
    def key(self) -> str:
        """Return the key of its connection, as SQLite has it."""
        return self.path.strip("/").split("/")[-1].replace("-", "")

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the database about this connection, the last value of each question."""
        return self.stack.rows(sql, *values, self.key)

    def sync(self) -> None:
        """Press *Sync now*, and wait until nothing is under way."""
        self.user.submit(self.path, f"{self.path}sync/")
        self.wait_until_read()

    def wait_until_read(self) -> None:
        wait_until(
            lambda: (
                not self.rows(
                    "select 1 from integrations_syncrun where state <> 'finished'"
                    " and connection_id = ?"
                )
            ),
            "the sync ends",
            seconds=90,
            every=0.3,
        )
        latest = f"{OF_RUN} and outcome = 'complete'"
        assert self.rows(latest)


@pytest.fixture
def account(stack: Stack) -> Account:
    user = stack.user("proof@example.com")
    path = user.connect("hubspot", identity=f"{PORTAL}:{USER}")
    made = Account(stack=stack, user=user, path=path)
    made.wait_until_read()
    return made


def test_links_that_changed_without_a_date_are_found_by_the_next_sync(
    account: Account,
) -> None:
    ((company,),) = account.rows(
        "select max(remote_id) from integrations_item where type = 'company'"
        " and deleted_at is null and connection_id = ?"
    )
    linked = account.stack.sandbox(
        "records/relink", portal=PORTAL, type="contacts", company=company, count=5
    )["ids"]

    account.sync()

    parents = account.rows(
        "select remote_id from integrations_item where type = 'contact'"
        " and parent_remote_id = ? and connection_id = ?",
        company,
    )
    assert set(linked) <= {remote_id for (remote_id,) in parents}
    assert "links_as_of" in account.user.get(account.path).text


def test_what_is_stored_wrongly_is_found_and_mended_by_a_spot_check(
    account: Account,
) -> None:
    ((item, name),) = account.rows(
        "select id, name from integrations_item where type = 'contact'"
        " and deleted_at is null and connection_id = ? limit 1"
    )
    # Nothing but the name tells that it was altered: neither a date nor a digest.
    account.rows(
        "update integrations_item set name = 'Somebody else' where id = ?"
        " and connection_id = ? returning id",
        item,
    )
    account.rows(
        "update integrations_collection set first_full_refresh_at = ?"
        " where connection_id = ? returning id",
        LONG_AGO,
    )

    account.sync()

    assert account.rows(
        "select c.name, s.differing, s.missing from integrations_spotcheck s"
        " join integrations_collection c on c.id = s.collection_id"
        " where s.ended_at is not null and c.remote_id = 'contacts'"
        " and c.connection_id = ?"
    ) == [("Contacts", 1, 0)]
    mended = "select name from integrations_item where id = ? and connection_id = ?"
    assert account.rows(mended, item) == [(name,)]
