"""Read the names of users: rows name by id alone who made and edited them.

They are labels only: without the capability to see users there are none.
"""

from typing import Any, Final

from integrations.http.client import ApiClient
from integrations.http.errors import Forbidden, InvalidRequest, NotFound
from integrations.http.once import get_once
from integrations.http.responses.shape import expect_object
from integrations.providers.listing import map_rows, read_pages
from integrations.providers.notion.api.paging import PAGE_SIZE, fetch_list
from integrations.providers.notion.ids import to_id
from integrations.providers.typed.values import one_line

# Whoever is behind them has no name here, like guests, whom Notion does not list.
MOST_PAGES: Final = 20


def fetch_users(api: ApiClient) -> tuple[dict[str, str], bool]:
    """Return the names of a workspace's members and bots by id, asked for once a run.

    Beside them stands whether these are all.
    https://developers.notion.com/reference/get-users
    """

    def fetch(start: str | None) -> tuple[list[Any], str | None]:
        def read(answer: Any) -> tuple[list[Any], str | None]:
            listing = fetch_list(lambda: answer, start=start)
            return listing.rows, listing.following

        params = {"page_size": PAGE_SIZE, "start_cursor": start}
        return get_once(api, "/users", read, params=params)

    try:
        pages, is_all = read_pages(fetch, most=MOST_PAGES)
    except (Forbidden, NotFound, InvalidRequest):
        return {}, True
    found = (pair for rows in pages for pair in map_rows(rows, _to_user).mapped)
    return {key: name for key, name in found if name}, is_all


def _to_user(row: object) -> tuple[str, str]:
    user = expect_object(row, "user")
    return to_id(user.get("id")), one_line(user.get("name"))
