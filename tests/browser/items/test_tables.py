"""Sort, filter, group and lay out a table in a browser, with and without JavaScript."""

from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from sandbox.hubspot.seed.accounts import BY_ID
from sandbox.hubspot.seed.definitions import get_owners
from tests.browser.fixtures import DESK
from tests.browser.test_structure import connect, wait_until_complete
from tests.real.support.stack import Stack

pytestmark = pytest.mark.browser
# An account is connected by one user: the one of the tests of editing.
WHO = "editor@example.com"
OWNED = (
    "select name from integrations_item where collection_id = ? and deleted_at is null"
    " and json_extract(properties, ?) = ?"
)


def amounts(page: Page) -> list[float]:
    """Return the amounts of the page's rows, without those that have none."""
    heads = page.locator("table.sheet thead th").all_inner_texts()
    place = [head.strip() for head in heads].index("Amount")
    cells = page.locator(f"table.sheet tbody tr > :nth-child({place + 1})")
    told = [each.strip().split(" ")[0] for each in cells.all_inner_texts()]
    return [float(each.replace(",", "")) for each in told if each[-1:].isdigit()]


def sort_filter_and_group(page: Page) -> None:
    """Use what stands above a table, and look at its rows after each step."""
    by_amount = page.locator("thead").get_by_role("link", name="Amount")
    by_amount.click()
    page.wait_for_url("**sort=-amount*")
    down = amounts(page)
    assert len(down) > 3
    assert down == sorted(down, reverse=True)
    by_amount.click()
    page.wait_for_url("**sort=amount*")
    assert amounts(page) == sorted(amounts(page))

    page.get_by_label("Filter by", exact=True).select_option(label="Amount")
    page.get_by_role("button", name="Filter by this column").click()
    page.get_by_label("Amount", exact=True).select_option(label="is greater than")
    page.get_by_label("Value", exact=True).fill(f"{down[3]:.2f}")
    page.keyboard.press("Enter")
    page.wait_for_url("**amount__gt=*")
    expect(page.get_by_label("Filters")).to_contain_text("Amount is greater than")
    assert min(amounts(page)) > down[3]

    page.get_by_role("link", name="Clear all").click()
    page.get_by_label("Group by", exact=True).select_option("dealstage")
    page.get_by_role("button", name="Group by this column").click()
    page.wait_for_url("**group=dealstage*")
    box = page.locator("table.sheet tbody th[scope=row]").first.bounding_box()
    assert box is not None
    assert box["y"] < DESK["height"]
    expect(page.locator("tr.group-head").first).to_be_visible()
    page.locator("summary", has_text="of the groups").click()
    groups = page.locator("section", has=page.get_by_role("heading", name="By "))
    largest = groups.locator("tbody tr").first
    count = largest.locator("td").first.inner_text()
    largest.get_by_role("link").click()
    page.wait_for_url("**dealstage__is=*")
    expect(page.get_by_text(f"{count} of ").first).to_be_visible()


def choose_columns(page: Page) -> None:
    """Leave a column out, put one first, make rows tall, and go back to the usual."""
    usual = page.locator("table.sheet thead th").all_inner_texts()
    page.get_by_role("link", name="Columns", exact=True).click()
    page.get_by_role("checkbox", name="Amount", exact=True).uncheck()
    page.get_by_role("radio", name="Tall").check()
    page.get_by_label("Place of Close Date").fill("1")
    page.get_by_label("Place of Updated").press("Enter")
    expect(page.get_by_text("The columns are saved.")).to_be_visible()
    expect(page.locator("table.sheet.tall")).to_be_visible()
    heads = page.locator("table.sheet thead th").all_inner_texts()
    assert [each.strip() for each in heads[:2]] == ["Deal Name", "Close Date"]
    expect(page.locator("table.sheet thead th")).to_have_count(len(usual) - 1)

    page.get_by_role("link", name="Columns", exact=True).click()
    page.get_by_role("button", name="Reset to default").click()
    expect(page.locator("table.sheet thead th")).to_have_count(len(usual))
    assert page.locator("table.sheet thead th").all_inner_texts() == usual


def widen_the_name(page: Page) -> None:
    """Make the column of the names wide, then narrow, and look at its cells."""
    cell = page.locator("table.sheet tbody th").first

    def width() -> float:
        box = cell.bounding_box()
        assert box is not None
        return box["width"]

    found = {}
    for chosen in ("wide", "narrow", "normal"):
        page.get_by_role("link", name="Columns", exact=True).click()
        page.get_by_label("Width of Deal Name", exact=True).select_option(chosen)
        page.get_by_role("button", name="Save", exact=True).last.click()
        expect(page.get_by_text("The columns are saved.")).to_be_visible()
        found[chosen] = width()
    assert found["narrow"] < found["normal"] < found["wide"]


def filter_by_me(page: Page, address: str, site: Stack) -> None:
    """Show whose owner is the user that connected the account, and only those."""
    owners = get_owners(BY_ID["555111"].id)
    [me] = [each["id"] for each in owners if each.get("email", "").startswith("ana@")]
    mine = "$.hubspot_owner_id"
    own = site.rows(OWNED, UUID(address[13:-1]).hex, mine, me)
    assert own

    page.get_by_label("Filter by", exact=True).select_option(label="Owner")
    page.get_by_role("button", name="Filter by this column").click()
    page.get_by_label("Owner", exact=True).select_option(label="is me")
    page.get_by_role("button", name="Add filter").click()
    page.wait_for_url("**hubspot_owner_id__me*")
    expect(page.get_by_label("Filters")).to_contain_text("Owner is me")
    page.goto(f"{page.url}&size=100")
    names = page.locator("table.sheet tbody th").all_inner_texts()
    assert sorted(each.strip() for each in names) == sorted(name for (name,) in own)


def test_a_table_is_used_with_and_without_javascript(
    open_page: Callable[..., Page], site: Stack
) -> None:
    page = open_page(WHO)
    connect(page, "HubSpot", user="Ana", consent="Connect app")
    wait_until_complete(page, "Deals")
    address = page.get_by_role("link", name="Deals", exact=True).get_attribute("href")
    assert address

    for has_script in (True, False):
        page = open_page(WHO, java_script_enabled=has_script)
        page.goto(address)
        box = page.locator(".grid-box").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] > DESK["width"] - 80
        sort_filter_and_group(page)
        page.goto(address)
        filter_by_me(page, address, site)
        page.goto(address)
        choose_columns(page)
        widen_the_name(page)
