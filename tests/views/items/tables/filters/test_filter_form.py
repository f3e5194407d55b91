"""A filter is written in a form of the right inputs, and changed in the same one."""

import re
from itertools import product

from django.test import Client

from tests.support.pages.tables import get, names
from tests.support.rows import make_collection, make_connection, make_item
from tests.views.items.tables.test_table import codes, deal


def form(client, collection, query):
    """Return what the form of a filter holds."""
    return get(client, collection, f"filter/?{query}").context["filtering"]


def columns_in(page):
    groups = page.context["column_groups"]
    return [column.label for group in groups for column in group["columns"]]


INPUTS = (
    ("column=closedate", ["date"]),
    ("column=closedate&operator=between", ["date", "date"]),
    ("column=closedate&operator=last", ["number"]),
    ("column=closedate&operator=next", ["number"]),
    ("column=amount&operator=gt", ["text"]),
    ("column=amount&operator=between", ["text", "text"]),
    ("column=description", ["text"]),
    ("column=hubspot_owner_id&operator=me", []),
    ("column=closedate&operator=empty", []),
    ("column=dealstage&operator=contains", ["text"]),
    ("column=amount&operator=odd", ["text"]),
)


def test_a_type_and_an_operator_have_the_inputs_that_they_take(
    as_alice, four, subtests
):
    for asked, kinds in INPUTS:
        with subtests.test(asked=asked, kinds=kinds):
            told = form(as_alice, four, asked)

            assert [each["type"] for each in told.get("fields", ())] == kinds
            assert "boxes" not in told


def test_what_has_known_options_is_chosen_from_them(as_alice, four):
    stages = form(as_alice, four, "column=dealstage")
    owners = form(as_alice, four, "column=hubspot_owner_id&operator=not_in")
    one = form(as_alice, four, "column=dealstage&operator=is")

    assert stages["operator"] == "in"
    assert [value for value, _ in stages["boxes"]] == ["Qualified", "Closed won"]
    assert [value for value, _ in owners["boxes"]] == ["Cleo Cole", "Dan Day"]
    assert [value for value, _ in one["choice"]] == ["Qualified", "Closed won"]


def test_of_values_without_options_those_of_the_latest_rows_are_offered(
    as_alice, alice
):
    fields = [{"name": "who", "label": "Who", "kind": "user"}]
    table = make_collection(
        make_connection(alice, provider="airtable"),
        schema={"fields": fields, "formats": {"who": {"type": "singleCollaborator"}}},
    )
    for number, name in enumerate(("Zoe", "Ana", "Zoe")):
        user = {"id": f"usr{name}", "name": name, "email": f"{name}@example.com"}
        make_item(table, remote_id=f"{number}", properties={"who": user})

    told = form(as_alice, table, "column=who&operator=in")

    assert [value for value, _ in told["boxes"]] == ["Ana", "Zoe"]
    assert told["has_lines"]


def test_several_are_ticked_and_others_written_on_lines(as_alice, four):
    ticked = "column=dealstage&operator=in&value=Closed+won&value=Lost&add=1"
    written = "column=amount&operator=in&lines=1000%0D%0A2500%0D%0A&add=1"
    path = f"/collections/{four.pk}/filter/"

    stages = as_alice.get(f"{path}?{ticked}", follow=True)
    amounts = as_alice.get(f"{path}?{written}", follow=True)

    assert stages.context["words"] == "Stage is one of Closed won or Lost"
    assert amounts.context["words"] == "Amount is one of 1000 or 2500"


def test_what_is_no_filter_is_said_in_the_form_that_keeps_it(as_alice, four, subtests):
    for sent in (
        "column=amount&operator=gt&drawn=gt&value=much",
        "column=amount&operator=gt&drawn=gt&value=",
        "column=closedate&operator=between&drawn=between&value=2026-12-01&value=",
        "column=closedate&operator=last&drawn=last&value=0",
        "column=dealstage&operator=in&drawn=in",
    ):
        with subtests.test(sent=sent):
            page = get(as_alice, four, f"filter/?{sent}&add=1&amount__gt=5")

            assert codes(page) == ["filter_refused"]
            assert page.context["filtering"]["operator"] in sent
            fields = page.context["filtering"].get("fields", ())
            assert all(each["value"] in sent for each in fields)


def test_inputs_of_another_operator_are_shown_before_anything_is_refused(
    as_alice, four
):
    """Without a script a form is sent with the inputs of the operator before."""
    sent = "column=amount&operator=between&drawn=is&value=900&add=1"

    page = get(as_alice, four, f"filter/?{sent}")

    assert codes(page) == []
    fields = page.context["filtering"]["fields"]
    assert [each["value"] for each in fields] == ["900", ""]
    told = "Nothing is filtered yet: “is between” has these fields."
    assert page.context["filtering"]["help"] == [told]
    step = form(as_alice, four, sent.removesuffix("&add=1"))
    assert step["help"] == []


def test_a_filter_is_changed_in_its_place(as_alice, four):
    path = f"/collections/{four.pk}/"
    kept = "amount__gt=5&dealstage__in=%22Closed+won%22,Lost&closedate__filled=1"
    none = ("Qualified", False)
    page = as_alice.get(f"{path}?{kept}")

    change = page.context["conditions"][1]["edit_url"]
    told = as_alice.get(change).context["filtering"]
    sent = "&column=dealstage&drawn=in&operator=not&value=Lost&add=1"
    changed = as_alice.get(f"{change}{sent}", follow=True)

    assert told["boxes"] == [none, ("Closed won", True), ("Lost", True)]
    assert changed.context["words"] == (
        "Amount is greater than 5 and Stage is not Lost and Close date is not empty"
    )
    removed = as_alice.get(as_alice.get(change).context["remove_url"])
    assert (
        removed.context["words"]
        == "Amount is greater than 5 and Close date is not empty"
    )


def test_what_is_no_option_any_more_stays_chosen_where_a_filter_is_changed(
    as_alice, four
):
    told = form(as_alice, four, "dealstage__in=Gone,Lost&edit=0")
    one = form(as_alice, four, "dealstage__is=Gone&edit=0")

    assert ("Gone", True) in told["boxes"]
    assert ("Gone", True) in one["choice"]


def test_a_filter_that_is_not_there_is_not_changed(as_alice, four, subtests):
    for place in ("1", "-1", "x", "", "00"):
        with subtests.test(place=place):
            page = get(as_alice, four, f"filter/?amount__gt=5&edit={place}")

            assert page.context["filtering"] is None


def test_the_columns_are_searched(as_alice, four, subtests):
    for find, found in (
        ("stage", ["Stage"]),
        ("CLÔSE  date", ["Close date"]),
        ("dealst", ["Stage"]),
        ("nothing", []),
    ):
        with subtests.test(find=find, found=found):
            assert columns_in(get(as_alice, four, f"filter/?find={find}")) == found


def test_the_columns_that_are_shown_come_first(as_alice, four):
    page = get(as_alice, four, "filter/?columns=closedate,amount")

    assert columns_in(page)[:3] == ["Deal name", "Close date", "Amount"]
    assert len(columns_in(page)) == len(set(columns_in(page)))
    assert page.context["column_count"] == len(columns_in(page))


def test_htmx_gets_the_form_alone_and_is_led_to_the_rows(as_alice, four):
    path = f"/collections/{four.pk}/filter/"
    headers = {"HX-Request": "true"}

    part = as_alice.get(f"{path}?column=amount", headers=headers)
    sent = f"{path}?column=amount&operator=gt&value=5000&add=1"
    added = as_alice.get(sent, headers=headers)

    assert part.content.strip().startswith(b"<section")
    assert "HX-Request" in part.headers["Vary"]
    assert (added.status_code, added.headers["HX-Redirect"]) == (
        204,
        f"/collections/{four.pk}/?amount__gt=5000",
    )


def test_no_form_is_an_entry_of_the_history(as_alice, four, subtests):
    """Where links are boosted, htmx heeds this header alone."""
    for asked in (
        "",
        "column=amount",
        "column=amount&add=1",
        "column=amount&value=5&add=1",
    ):
        with subtests.test(asked=asked):
            path = f"/collections/{four.pk}/filter/?{asked}"

            part = as_alice.get(path, headers={"HX-Request": "true"})

            assert part.headers["HX-Push-Url"] == "false"
            assert "HX-Push-Url" not in as_alice.get(path).headers


def test_the_form_keeps_view_search_order_and_group(as_alice, four):
    kept = "q=a&match=any&sort=amount&group=dealstage&amount__gt=1&density=tall"
    page = get(as_alice, four, f"?{kept}")

    sent = "&column=closedate&operator=empty&add=1"
    added = as_alice.get(f"{page.context['filter_url']}{sent}")

    assert sorted(added.url.partition("?")[2].split("&")) == sorted(
        [*kept.split("&"), "closedate__empty=1"]
    )


def test_a_filter_of_a_table_as_it_was_leads_back_to_that(as_alice, four):
    page = get(as_alice, four, "as-of/?at=2026-11-15T12:00&amount__gt=5")
    change = page.context["conditions"][0]["edit_url"]

    sent = "&column=amount&operator=lt&value=9&drawn=gt&add=1"
    led = as_alice.get(f"{change}{sent}")

    assert led.url.startswith(f"/collections/{four.pk}/as-of/?amount__lt=9&at=2026")


def test_a_user_of_a_group_of_namesakes_is_changed_by_name(as_alice, deals):
    deal(deals, "A", owner="41")

    told = form(as_alice, deals, "hubspot_owner_id__same=12345,Cleo+Cole&edit=0")

    assert told["operator"] == "is"
    assert ("Cleo Cole", True) in told["choice"]


def test_rows_without_a_value_are_among_those_that_are_not_so(as_alice, four):
    page = get(as_alice, four, "?dealstage__not_in=Lost")
    told = form(as_alice, four, "column=dealstage&operator=not_in")

    assert "Unknown" in names(page)
    assert told["help"] == ["Rows without Stage are among them."]


def test_what_no_address_holds_is_said_in_the_form_that_keeps_it(as_alice, four):
    """Fifty values of 255 characters may be written, each of them six in an address."""
    path = f"/collections/{four.pk}/filter/"
    lines = "\r\n".join(f"{n:02}" + "я" * 253 for n in range(50))
    sent = {"column": "description", "operator": "in", "drawn": "in", "lines": lines}

    page = as_alice.post(path, {**sent, "amount__gt": "5", "add": "1"})
    step = as_alice.post(path, {**sent, "amount__gt": "5"})

    assert codes(page) == ["filter_refused"]
    assert page.context["problems"][0].startswith("Too many values")
    for each in (page, step):
        assert each.status_code == 200
        assert each.context["filtering"]["lines"].split() == lines.split()
        assert {"name": "amount__gt", "value": "5"} in each.context["kept"]


def test_a_table_whose_filter_just_fits_leads_on_to_its_columns(as_alice, four):
    """What its pages tell each other of its address is the longest request line."""
    path = f"/collections/{four.pk}/filter/"
    sent = {"column": "description", "operator": "in", "drawn": "in", "add": "1"}

    def add(number):
        lines = "\n".join(f"{n:02}" + "я" * 15 for n in range(number))
        return as_alice.post(path, {**sent, "lines": lines})

    longest = next(n for n in range(50, 0, -1) if add(n).status_code == 302)
    page = as_alice.get(add(longest).url)

    assert longest < 50
    links = re.findall('href="([^"]+)"', page.content.decode())
    assert max(map(len, links)) > 7_000
    assert max(map(len, links)) < 8190 - len("GET  HTTP/1.1")


def test_a_form_of_values_is_sent_by_post_with_its_token(alice, four):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    path = f"/collections/{four.pk}/filter/"
    page = client.get(f"{path}?column=amount")
    sent = {"column": "amount", "operator": "gt", "value": "5000", "add": "1"}

    refused = client.post(path, sent)
    token = re.search('csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())[1]
    added = client.post(path, {**sent, "csrfmiddlewaretoken": token})

    assert 'method="post"' in page.content.decode()
    assert refused.status_code == 403
    assert added.url == f"/collections/{four.pk}/?amount__gt=5000"


def test_the_focus_is_in_the_first_input_of_what_was_refused(as_alice, four, subtests):
    for column, operator, first in (
        ("amount", "gt", "value-0"),
        ("closedate", "between", "value-0"),
        ("dealstage", "is", "value-0"),
        ("dealstage", "in", "Qualified"),
        ("amount", "in", "lines"),
    ):
        with subtests.test(column=column, operator=operator, first=first):
            path = f"/collections/{four.pk}/filter/"
            sent = {"column": column, "operator": operator, "drawn": operator}

            page = as_alice.post(path, {**sent, "add": "1"}).content.decode()
            step = as_alice.post(path, sent).content.decode()

            [focused] = [
                tag for tag in re.findall("<[^>]*>", page) if "autofocus" in tag
            ]
            assert f'"{first}"' in focused
            assert "autofocus" not in step


BUTTONS = (
    ("column=amount&operator=odd&value=5", "Amount cannot be filtered by “odd”."),
    (
        "column=amount&operator=contains&drawn=contains&value=5",
        "Amount cannot be filtered by “contains”.",
    ),
    (
        "column=hubspot_owner_id&operator=same&value=1&value=Cleo",
        "Owner cannot be filtered by “is one of several called”.",
    ),
    (
        "column=amount&operator=gt&value=5&edit=99",
        "The filter that was to be changed is not there any more.",
    ),
    (
        "column=gone&operator=gt&value=5",
        "There is no column “gone” for rows to be filtered by.",
    ),
    (
        "column=gone&operator=gt&value=5&edit=0",
        "There is no column “gone” for rows to be filtered by.",
    ),
)
REFUSED = ("", "&add=1")


def test_what_the_table_does_not_have_makes_no_other_filter(as_alice, four, subtests):
    for (sent, told), button in product(BUTTONS, REFUSED):
        with subtests.test(sent=sent, told=told, button=button):
            page = get(as_alice, four, f"filter/?amount__gt=5&{sent}{button}")

            assert codes(page) == ["filter_refused"]
            assert page.context["problems"] == [told]
            assert told in page.content.decode()
            form = page.context["filtering"]
            assert (form is None) == ("gone" in sent and "edit" not in sent)


FORMER = (
    ("column=amount&operator=gt&value=1000", "Amount is greater than 1000"),
    ("column=amount&operator=between&value=9&until=1", "Amount is between 1 and 9"),
    ("column=closedate&operator=filled", "Close date is not empty"),
    ("column=dealstage&operator=in&value=Lost,Won", "Stage is one of Lost or Won"),
    ("column=dealstage&operator=is&value=A,+%26+B", "Stage is A, & B"),
)


def test_an_address_of_the_form_before_keeps_its_filter(as_alice, four, subtests):
    for sent, words in FORMER:
        with subtests.test(sent=sent, words=words):
            page = as_alice.get(
                f"/collections/{four.pk}/?q=a&sort=amount&{sent}", follow=True
            )

            assert page.context["words"] == f"“a” is in it and {words}"
            assert page.context["query"].sort_text == "amount"


def test_an_address_of_the_form_before_says_what_it_leaves_out(
    as_alice, four, subtests
):
    for sent in (
        "column=amount&operator=gt&value=much",
        "column=gone&operator=is&value=1",
    ):
        with subtests.test(sent=sent):
            page = as_alice.get(f"/collections/{four.pk}/?{sent}", follow=True)

            assert codes(page) == ["left_out"]


def test_the_button_that_enter_presses_is_told_once(as_alice, four):
    """A hidden one stands first, before those that do something else."""
    page = get(as_alice, four, "filter/?column=amount").content.decode()

    form = page[page.index("<form", page.index('id="filtering"')) :]
    buttons = re.findall('<button[^>]*type="submit"[^>]*>', form)
    adding = [each for each in buttons if 'name="add"' in each]
    assert buttons[0] == adding[0]
    assert ["aria-hidden" in each for each in adding] == [True, False]
