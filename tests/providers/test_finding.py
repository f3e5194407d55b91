"""What was told in part, and then further, has not been changed by anybody."""

import pytest

from integrations.providers import CONNECTORS
from integrations.providers.finding import PARENT, told_further

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
    told = set(CONNECTORS["hubspot"].found_out(before, after))

    assert found <= told
    assert bool(told) is bool(found)
    assert (PARENT in told) is (PARENT in found)


@pytest.mark.parametrize("is_buried", [True, False])
def test_notion_finds_out_what_follows_from_the_trash(is_buried):
    sides = {"about.archived": True}, {"about.buried": True}

    found = CONNECTORS["notion"].found_out(*(sides if is_buried else sides[::-1]))

    assert set(found) == {"about.buried"}
