"""Sort, filter, group and lay out a table in a browser, with and without JavaScript."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import Page, Route, expect

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

# Pixels that a usual screen shows from above.
SCREEN = 900
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"


def amounts(page: Page) -> list[float]:
    """Return the amounts of the page's rows, without those that have none."""
    heads = page.locator("table.sheet thead th").all_inner_texts()
    place = [head.strip() for head in heads].index("Amount")
    cells = page.locator(f"table.sheet tbody tr > :nth-child({place + 1})")
    told = [each.strip().split(" ")[0] for each in cells.all_inner_texts()]
    return [float(each.replace(",", "")) for each in told if each[-1:].isdigit()]


def amounts_by_group(page: Page) -> list[list[float]]:
    """Return the amounts of the page's rows, below each of its headings."""
    heads = page.locator("table.sheet thead th").all_inner_texts()
    place = [head.strip() for head in heads].index("Amount")
    found: list[list[float]] = []
    for row in page.locator("table.sheet tbody tr").all():
        if "group-head" in (row.get_attribute("class") or ""):
            found.append([])
            continue
        told = row.locator(f":scope > :nth-child({place + 1})").inner_text()
        if told.strip()[-1:].isalnum() and told.strip()[:1].isdigit():
            found[-1].append(float(told.strip().split(" ")[0].replace(",", "")))
    return found


def filter_by(page: Page, column: str, operator: str, *, has_script: bool) -> None:
    """Find a column by a part of its name, and show the inputs of an operator."""
    page.get_by_role("link", name="Filter", exact=True).click()
    find = page.get_by_label("Find a column")
    expect(find).to_be_visible()
    # What htmx has put in listens a moment later, sooner than a person types.
    expect(page.locator(".htmx-added")).to_have_count(0)
    found = page.locator("#filter-columns button")
    all_columns = found.count()
    find.fill(column.lower()[:4])
    if not has_script:
        page.get_by_role("button", name="Find", exact=True).click()
    expect(found).not_to_have_count(all_columns)
    expect(page.locator(".htmx-added")).to_have_count(0)
    found.filter(has_text=re.compile(f"^{column}$")).click()
    choose_operator(page, column, operator, has_script=has_script)


def choose_operator(
    page: Page, column: str, operator: str, *, has_script: bool
) -> None:
    """Choose how a column is compared, and wait for the inputs that this takes."""
    choice = page.get_by_label(column, exact=True)
    expect(choice).to_be_visible()
    # What htmx has put in listens a moment later, sooner than a person chooses.
    expect(page.locator(".htmx-added")).to_have_count(0)
    choice.select_option(label=operator)
    if not has_script:
        page.get_by_role("button", name="Show its fields").click()
    value = choice.input_value()
    expect(page.locator("[name=drawn]")).to_have_value(value)
    if has_script:
        expect(choice).to_be_focused()


def change_filters(page: Page, least: float, *, has_script: bool) -> None:
    """Change a filter where it stands, add one with ticks, and let any be enough."""
    chips = page.get_by_label("Filters")
    chips.get_by_role("link", name="change this filter").click()
    expect(page.get_by_label("Value", exact=True)).to_have_value(f"{least:.2f}")
    choose_operator(page, "Amount", "is between", has_script=has_script)
    page.get_by_label("Up to", exact=True).fill(f"{least + 1e9:.2f}")
    page.get_by_role("button", name="Change filter").click()
    page.wait_for_url("**amount__between=*")
    assert min(amounts(page)) >= least

    filter_by(page, "Deal Stage", "is none of", has_script=has_script)
    ticks = page.get_by_role("group", name="Values").get_by_role("checkbox")
    ticks.nth(0).check()
    ticks.nth(1).check()
    page.get_by_role("button", name="Add filter").click()
    page.wait_for_url("**dealstage__not_in=*")
    expect(chips).to_contain_text("Deal Stage is none of")
    chips.get_by_role("link", name="any of them").click()
    page.wait_for_url("**match=any*")
    chips.get_by_role("link", name="Remove the filter “Amount").click()
    page.wait_for_url(lambda address: "amount__" not in address)
    filter_by(page, "Close Date", "is in the last … days", has_script=has_script)
    expect(page.get_by_label("Days", exact=True)).to_have_attribute("type", "number")
    choose_operator(page, "Close Date", "is between", has_script=has_script)
    expect(page.get_by_label("First day")).to_have_attribute("type", "date")
    page.get_by_role("link", name="Cancel").click()


def keep_what_is_written(page: Page) -> None:
    """Look for news while a filter is written, and after that."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("link", name="Filter", exact=True).click()
    expect(page.get_by_label("Find a column")).to_be_focused()
    asked.clear()
    page.evaluate(LOOK)
    page.get_by_label("Find a column").fill("nothing is so")
    expect(page.locator("#filter-found")).to_contain_text("No column")
    assert [each for each in asked if "/live/" in each] == []
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator("#filtering form")).to_have_count(0)
    page.wait_for_load_state()
    # What was asked for before the form was there is answered behind that.
    late: list[Route] = []

    def hold_back(route: Route) -> None:
        late.append(route)

    page.route("**/live/**", hold_back)
    with page.expect_request("**/live/**"):
        page.evaluate(LOOK)
    page.get_by_role("link", name="Filter", exact=True).click()
    expect(page.get_by_label("Find a column")).to_be_focused()
    with page.expect_response("**/live/**"):
        late[0].fulfill(headers={"HX-Refresh": "true"})
    page.get_by_label("Find a column").fill("nothing is so")
    expect(page.locator("#filter-found")).to_contain_text("No column")
    page.unroute("**/live/**")
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator("#filtering form")).to_have_count(0)
    page.wait_for_load_state()
    keep_what_has_no_focus(page)


def keep_what_has_no_focus(page: Page) -> None:
    """Write something, leave it, and get news that would take it away."""

    def load_again(route: Route) -> None:
        route.fulfill(headers={"HX-Refresh": "true"})

    def send_parts_again(route: Route) -> None:
        answer = route.fetch()
        part = '<div hx-swap-oob="innerHTML:#{}">Sent again</div>'
        parts = [part.format(name) for name in ("live-count", "live-news")]
        route.fulfill(response=answer, body="".join([answer.text(), *parts]))

    def look(answer: Callable[[Route], None]) -> None:
        page.route("**/live/**", answer, times=1)
        with page.expect_response("**/live/**"):
            page.evaluate(LOOK)

    field, box = page.get_by_label("Search in"), page.locator("[name=item]").first
    choice = page.get_by_label("Which rows")
    field.fill("not sent")
    box.focus()
    # The second would be of another page.
    look(load_again)
    look(load_again)
    expect(field).to_have_value("not sent")
    field.fill("")
    choice.select_option("page")
    look(load_again)
    look(load_again)
    expect(choice).to_have_value("page")

    count, news = page.locator("#live-count"), page.locator("#live-news")
    count.evaluate("e => e.insertAdjacentHTML('beforeend', '<textarea>a</textarea>')")
    count.locator("textarea").fill("ab")
    box.focus()
    look(send_parts_again)
    expect(news).to_have_text("Sent again")
    expect(page.locator(".htmx-added")).to_have_count(0)
    expect(count.locator("textarea")).to_have_value("ab")
    count.locator("textarea").fill("a")
    look(send_parts_again)
    expect(count).to_have_text("Sent again")
    expect(page.locator(".htmx-added")).to_have_count(0)

    # A tick comes back, and so nothing is lost.
    box.check()
    expect(choice).to_have_value("ticked")
    with page.expect_event("load"):
        look(load_again)
    expect(box).to_be_checked()


def sort_filter_and_group(page: Page, *, has_script: bool) -> None:
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

    filter_by(page, "Amount", "is greater than", has_script=has_script)
    page.get_by_label("Value", exact=True).fill(f"{down[3]:.2f}")
    page.keyboard.press("Enter")
    page.wait_for_url("**amount__gt=*")
    expect(page.get_by_label("Filters")).to_contain_text("Amount is greater than")
    assert min(amounts(page)) > down[3]
    change_filters(page, down[3], has_script=has_script)

    page.get_by_role("link", name="Clear all").click()
    page.get_by_label("Group by", exact=True).select_option("dealstage")
    page.get_by_role("button", name="Group by this column").click()
    page.wait_for_url("**group=dealstage*")
    box = page.locator("table.sheet tbody th[scope=row]").first.bounding_box()
    assert box is not None
    assert box["y"] < SCREEN
    expect(page.locator("tr.group-head").first).to_be_visible()
    sort_in_groups(page)
    page.locator("summary", has_text="of the groups").click()
    groups = page.locator("section", has=page.get_by_role("heading", name="By "))
    largest = groups.locator("tbody tr").first
    count = largest.locator("td").first.inner_text()
    largest.get_by_role("link").click()
    page.wait_for_url("**dealstage__is=*")
    expect(page.get_by_text(f"{count} of ").first).to_be_visible()


def sort_in_groups(page: Page) -> None:
    """Sort the rows of each group both ways."""
    heads = page.locator("tr.group-head").all_inner_texts()
    page.locator("thead").get_by_role("link", name="Amount").click()
    page.wait_for_url("**sort=-amount*group=dealstage*")
    head = page.locator("table.sheet thead th", has_text="Amount")
    expect(head).to_have_attribute("aria-sort", "descending")
    down = amounts_by_group(page)
    assert max(map(len, down)) > 1
    page.locator("thead").get_by_role("link", name="Amount").click()
    page.wait_for_url("**sort=amount*group=dealstage*")
    assert page.locator("tr.group-head").all_inner_texts() == heads
    for each, other in zip(amounts_by_group(page), down, strict=True):
        assert each == sorted(other)
        assert other == sorted(other, reverse=True)


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


def filter_by_me(page: Page, address: str, site: Stack, *, has_script: bool) -> None:
    """Show whose owner is the user that connected the account, and only those."""
    owners = get_owners(BY_ID["555111"].id)
    [me] = [each["id"] for each in owners if each.get("email", "").startswith("ana@")]
    mine = "$.hubspot_owner_id"
    own = site.rows(OWNED, UUID(address[13:-1]).hex, mine, me)
    assert own

    filter_by(page, "Owner", "is me", has_script=has_script)
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
        sort_filter_and_group(page, has_script=has_script)
        page.goto(address)
        if has_script:
            keep_what_is_written(page)
            page.goto(address)
        filter_by_me(page, address, site, has_script=has_script)
        page.goto(address)
        choose_columns(page)
        widen_the_name(page)
