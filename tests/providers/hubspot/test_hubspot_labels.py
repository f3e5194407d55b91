"""HubSpot's labels of associations: a list names them, a batch tells them in words."""

import pytest

from integrations.http.responses.answers import Answers
from tests.support.provider_answers.fake_transport import sent_json

LIST = "GET /crm/objects/2026-09/contacts"
LINKS = "POST /crm/associations/2026-09/contacts/companies/batch/read"
LINKS_OF_ONE = "GET /crm/objects/2026-09/contacts/9001/associations/companies"
LABEL = {"category": "USER_DEFINED", "typeId": 35, "label": "Decision maker"}


def fetch_page(hubspot):
    return hubspot.connector.fetch_page(hubspot.api, hubspot.context(), cursor=None)


def test_labels_that_a_list_names_in_its_own_way_are_asked_for_by_one_batch(hubspot):
    hubspot.transport.on(LIST, hubspot.load("contacts_page_with_labels"))
    hubspot.transport.on(LINKS, hubspot.load("associations_labelled"))

    zoe, nameless = fetch_page(hubspot).items

    assert zoe.parent_id == "7002"
    assert zoe.properties["associations.companies"] == ["7001", "7002"]
    labels = {"7002": ["Billing contact", "Decision maker"]}
    assert zoe.properties["associations.companies.labels"] == labels
    assert nameless.properties["associations.companies"] == []
    asked = sent_json(hubspot.transport.requests[1])
    assert asked == {"inputs": [{"id": "9001"}]}


@pytest.mark.parametrize("to", [None, []])
def test_of_links_that_a_list_tells_and_a_batch_does_not_the_record_is_asked(
    hubspot, to
):
    """A batch leaves out what it cannot read, as it does what has no links."""
    hubspot.transport.on(LIST, hubspot.load("contacts_page_with_labels"))
    results = [] if to is None else [{"from": {"id": "9001"}, "to": to}]
    hubspot.transport.on(LINKS, {"status": "COMPLETE", "results": results})
    told = hubspot.load("associations_labelled")["results"][0]["to"]
    hubspot.transport.on(LINKS_OF_ONE, {"results": told})

    zoe, _ = fetch_page(hubspot).items

    assert zoe.parent_id == "7002"
    assert zoe.properties["associations.companies"] == ["7001", "7002"]
    labels = {"7002": ["Billing contact", "Decision maker"]}
    assert zoe.properties["associations.companies.labels"] == labels


def label_by(hubspot, *kinds):
    """Let a batch tell of the labelled company of the page by other types."""
    body = hubspot.load("associations_labelled")
    body["results"][0]["to"][1]["associationTypes"][2:] = kinds
    hubspot.transport.on(LINKS, body)


def labels_of_pages(hubspot, *batches):
    """Read the page once for each of the batches, in one run; return its labels."""
    hubspot.api.answers = hubspot.api.answers or Answers()
    told = []
    for kinds in batches:
        hubspot.transport.on(LIST, hubspot.load("contacts_page_with_labels"))
        if kinds is not None:
            label_by(hubspot, *kinds)
        zoe = fetch_page(hubspot).items[0]
        assert zoe.parent_id == "7002"
        assert zoe.properties["associations.companies"] == ["7001", "7002"]
        told.append(zoe.properties.get("associations.companies.labels"))
    return told


def test_a_label_that_two_pages_told_alike_is_not_asked_for_again(hubspot):
    pages = labels_of_pages(hubspot, [LABEL], [LABEL], None, None)

    assert pages == [{"7002": ["Decision maker"]}] * 4


def test_the_next_run_asks_for_labels_again(hubspot):
    renamed = {**LABEL, "label": "Signs"}
    labels_of_pages(hubspot, [LABEL], [LABEL], None)
    hubspot.api.answers = Answers()

    assert labels_of_pages(hubspot, [renamed]) == [{"7002": ["Signs"]}]


def test_what_has_no_run_asks_for_the_labels_of_each_page(hubspot):
    for _ in range(3):
        hubspot.transport.on(LIST, hubspot.load("contacts_page_with_labels"))
        label_by(hubspot, LABEL)
        fetch_page(hubspot)

    assert len(hubspot.transport.requests) == 6


@pytest.mark.parametrize(
    "other",
    [
        [{**LABEL, "label": "Signs"}],
        [LABEL, {**LABEL, "typeId": 36, "label": "Signs"}],
        [{**LABEL, "label": None}],
        [],
    ],
)
def test_a_name_that_stands_for_other_labels_is_asked_for_on_each_page(hubspot, other):
    """Whoever changes labels between the two calls for a page teaches nothing wrong."""
    kinds = [other, [LABEL], [LABEL], [LABEL], other]
    told = [{"7002": sorted(k["label"] for k in page if k["label"])} for page in kinds]

    pages = labels_of_pages(hubspot, *kinds)

    assert pages == [each if each["7002"] else None for each in told]


BILLING = {**LABEL, "typeId": 37, "label": "Billing contact"}


def page_with(hubspot, *entries):
    """Return the page with more entries of the record's companies."""
    body = hubspot.load("contacts_page_with_labels")
    body["results"][0]["associations"]["companies"]["results"] += [
        {"id": remote_id, "type": name} for remote_id, name in entries
    ]
    return body


def test_a_known_name_teaches_what_another_one_beside_it_stands_for(hubspot):
    labels_of_pages(hubspot, [LABEL], [LABEL])
    body = page_with(hubspot, ("7002", "billing_contact"))
    for is_asked in (True, True, False):
        hubspot.transport.on(LIST, body)
        if is_asked:
            label_by(hubspot, BILLING, LABEL)

        zoe = fetch_page(hubspot).items[0]

        labels = {"7002": ["Billing contact", "Decision maker"]}
        assert zoe.properties["associations.companies.labels"] == labels


def test_a_known_name_whose_label_is_not_told_is_known_no_more(hubspot):
    labels_of_pages(hubspot, [LABEL], [LABEL], None)
    hubspot.transport.on(LIST, page_with(hubspot, ("7002", "billing_contact")))
    label_by(hubspot, BILLING)
    fetch_page(hubspot)

    assert labels_of_pages(hubspot, [BILLING]) == [{"7002": ["Billing contact"]}]


def test_a_name_that_stands_for_two_labels_on_a_page_is_never_known(hubspot):
    for _ in range(3):
        hubspot.api.answers = hubspot.api.answers or Answers()
        hubspot.transport.on(LIST, page_with(hubspot, ("7001", "decision_maker")))
        body = hubspot.load("associations_labelled")
        plain, labelled = body["results"][0]["to"]
        plain["associationTypes"].append(BILLING)
        labelled["associationTypes"][2:] = [LABEL]
        hubspot.transport.on(LINKS, body)

        zoe = fetch_page(hubspot).items[0]

        labels = {"7001": ["Billing contact"], "7002": ["Decision maker"]}
        assert zoe.properties["associations.companies.labels"] == labels
    assert len(hubspot.transport.requests) == 6


def test_a_label_with_the_number_of_the_primary_type_is_no_primary_company(hubspot):
    """Ids of types are unique in a category only."""
    referred = {**LABEL, "typeId": 1, "label": "Referred by"}
    body = hubspot.load("associations_labelled")
    body["results"][0]["to"][0]["associationTypes"].append(referred)
    hubspot.transport.on(LIST, hubspot.load("contacts_page_with_labels"))
    hubspot.transport.on(LINKS, body)

    zoe = fetch_page(hubspot).items[0]

    assert zoe.parent_id == "7002"
    assert zoe.properties["associations.companies.labels"]["7001"] == ["Referred by"]
