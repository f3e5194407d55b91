"""What was told in part, and then further, has not been changed by anybody."""

import pytest

from integrations.providers import CONNECTORS
from integrations.providers.finding import PARENT, Parents, told_further

COMPANIES = "associations.companies"
CONTACTS = "associations.contacts"


@pytest.mark.parametrize(
    ("before", "after", "is_further"),
    [
        (["a", "…"], ["a", "b"], True),
        (["a", "b"], ["a", "…"], True),
        (["a", "…"], ["a", "b", "…"], True),
        (["…"], ["a"], True),
        (["a", "…"], ["b", "c"], False),
        (["a", "b", "…"], ["a"], False),
        (["a"], ["a", "b"], False),
        (["a"], [], False),
        (["a", "…"], None, False),
        ("a…", "ab", False),
    ],
)
def test_a_list_is_told_further_where_one_begins_the_other(before, after, is_further):
    found = told_further({"x": before, "y": 1}, {"x": after, "y": 2})

    assert found == ({"x"} if is_further else set())


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (
            {COMPANIES: [], f"{COMPANIES}.has_more": True},
            {COMPANIES: ["7"]},
            {COMPANIES, f"{COMPANIES}.has_more", PARENT},
        ),
        (
            {CONTACTS: ["1", "2"]},
            {CONTACTS: ["1"], f"{CONTACTS}.has_more": True},
            {CONTACTS, f"{CONTACTS}.has_more"},
        ),
        ({CONTACTS: ["1"], f"{CONTACTS}.has_more": True}, {CONTACTS: ["2"]}, set()),
        ({CONTACTS: ["1"]}, {CONTACTS: ["1", "2"]}, set()),
    ],
)
def test_hubspot_finds_out_the_links_that_it_was_not_told(before, after, found):
    parents = Parents(after="7" if COMPANIES in after else "")
    told = set(CONNECTORS["hubspot"].found_out(before, after, parents))

    assert found <= told
    assert bool(told) is bool(found)
    assert (PARENT in told) is (PARENT in found)


def links(ids, labels=None, *, is_whole=True, has_primary=True):
    return {
        COMPANIES: ids,
        **({f"{COMPANIES}.labels": labels} if labels else {}),
        **({} if is_whole else {f"{COMPANIES}.has_more": True}),
        **({} if has_primary else {f"{COMPANIES}.no_primary": True}),
    }


def part(*told, **more):
    return links(*told, is_whole=False, **more)


@pytest.mark.parametrize(
    ("before", "after", "parents", "follows"),
    [
        (part([]), links(["7"]), ("", "7"), True),
        (part(["5"], has_primary=False), links(["5", "7"]), ("5", "7"), True),
        (links(["5", "7"]), part(["5"], has_primary=False), ("7", "5"), True),
        # The one that was told before is not primary any more, or only now.
        (part(["5"]), links(["5", "7"]), ("5", "7"), False),
        (part(["5", "6"], has_primary=False), links(["5", "6", "7"]), "56", False),
        (links(["5", "7"]), part(["5"]), ("7", "5"), False),
        (part(["5"]), part(["5"], has_primary=False), ("5", "5"), False),
    ],
)
def test_a_parent_follows_unless_it_was_told_otherwise(before, after, parents, follows):
    told = CONNECTORS["hubspot"].found_out(before, after, Parents(*parents))

    assert (PARENT in told) is (f"{COMPANIES}.no_primary" in told) is follows


@pytest.mark.parametrize(
    ("before", "after", "follows"),
    [
        (part(["1"]), links(["1", "2"], {"2": ["Payer"]}), True),
        (links(["1", "2"], {"2": ["Payer"]}), part(["1"]), True),
        (part(["1"]), links(["1", "2"], {"1": ["Payer"]}), False),
        (part(["1"], {"1": ["Payer"]}), links(["1"]), False),
        (part(["1"]), part(["1"], {"1": ["Payer"]}), False),
    ],
)
def test_labels_follow_unless_they_were_told_otherwise(before, after, follows):
    told = CONNECTORS["hubspot"].found_out(before, after, Parents())

    assert (f"{COMPANIES}.labels" in told) is follows


@pytest.mark.parametrize("is_buried", [True, False])
def test_notion_finds_out_what_follows_from_the_trash(is_buried):
    sides = {"about.archived": True}, {"about.buried": True}

    found = CONNECTORS["notion"].found_out(
        *(sides if is_buried else sides[::-1]), Parents()
    )

    assert set(found) == {"about.buried"}


UNKNOWN = {"unavailable": "unknown"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"a": UNKNOWN}),
        ({"a": UNKNOWN}, {"a": "Known"}),
        ({}, {"a": [UNKNOWN]}),
        ({"a": ["x", UNKNOWN]}, {"a": ["x", "y"]}),
    ],
)
def test_notion_finds_out_what_it_could_not_read_unless_the_page_was_edited(
    before, after
):
    found = CONNECTORS["notion"].found_out
    sides = ({"b": 1, **before}, {"b": 2, **after})

    assert found(*sides, Parents(), is_edited=False) == {"a"}
    assert found(*sides, Parents(), is_edited=True) == set()


@pytest.mark.parametrize("is_edited", [True, False])
@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        (0.3, 0.1 + 0.2, True),
        (0.333333333333333, 1 / 3, True),
        ([33.3333333333333], [100 / 3], True),
        ([1, "x", 33.3333333333333], [1, "x", 100 / 3], True),
        ({"a": [33.3333333333333]}, {"a": [100 / 3]}, True),
        (123456789012346000000, 123456789012345678901.0, True),
        (0.3, 0.31, False),
        (1.5, "1.5", False),
        (1.0000000000000002, True, False),
        (1234567890123456, 1234567890123457, False),
        ([33.3333333333333], [100 / 3, 1], False),
        ([33.3333333333333, 1], [100 / 3, 2], False),
        ({"a": 33.3333333333333}, {"b": 100 / 3}, False),
    ],
)
def test_digits_that_an_earlier_release_left_out_are_no_change(
    before, after, is_same, is_edited
):
    found = CONNECTORS["notion"].found_out
    sides = ({"n": before}, {"n": after})

    told = found(*sides, Parents(), is_edited=is_edited)

    assert ("n" in told) is is_same
