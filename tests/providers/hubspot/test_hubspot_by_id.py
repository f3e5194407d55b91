"""HubSpot's links are compared by the thousand, and its records read by the hundred."""

import pytest

from integrations.providers.hubspot.mapping.links import NO_PRIMARY
from integrations.providers.stored import StoredItem
from tests.providers.contract.case import SINCE
from tests.providers.scenario import Scenario

LINKS = "POST /crm/associations/2026-09/contacts/companies/batch/read"


def stored(remote_id: str, companies: list[str], parent: str | None) -> StoredItem:
    return StoredItem(
        id=remote_id,
        type="contact",
        collection_id="contacts",
        changed=SINCE,
        parent_id=parent,
        properties={"associations.companies": companies},
    )


@pytest.mark.parametrize(
    ("companies", "parent", "is_relinked"),
    [
        (["7001", "7002"], "7002", False),
        (["7001"], "7002", True),
        (["7001", "7002", "7003"], "7002", True),
        (["7001", "7002"], "7001", True),
        ([], None, True),
    ],
)
def test_a_record_is_relinked_by_another_company_or_another_primary_one(
    hubspot: Scenario, companies: list[str], parent: str | None, is_relinked: bool
) -> None:
    hubspot.play({LINKS: ["associations_contacts_companies"]})
    items = [stored("9001", companies, parent)]

    found = hubspot.connector.fetch_relinked(hubspot.api, hubspot.context(), items)

    assert found == (["9001"] if is_relinked else [])


@pytest.mark.parametrize("is_primary", [True, False])
def test_a_record_is_relinked_when_its_company_is_primary_no_more(
    hubspot: Scenario, *, is_primary: bool
) -> None:
    answer = hubspot.load("associations_contacts_companies")
    types = answer["results"][0]["to"][1]["associationTypes"]
    answer["results"][0]["to"] = [
        {"toObjectId": "7002", "associationTypes": types if is_primary else types[1:]}
    ]
    item = stored("9001", ["7002"], "7002")
    if is_primary:
        item.properties[NO_PRIMARY] = True
    hubspot.transport.on(LINKS, answer)

    found = hubspot.connector.fetch_relinked(hubspot.api, hubspot.context(), [item])

    assert found == ["9001"]


def test_records_whose_last_link_is_gone_are_relinked(hubspot: Scenario) -> None:
    hubspot.play({LINKS: ["associations_none"]})
    items = [stored("9001", ["7001"], "7001"), stored("9003", [], None)]

    found = hubspot.connector.fetch_relinked(hubspot.api, hubspot.context(), items)

    assert found == ["9001"]


@pytest.mark.parametrize(
    ("category", "is_relinked"), [("OBJECT_NOT_FOUND", False), ("SERVER_ERROR", True)]
)
def test_an_error_of_a_batch_is_no_proof_that_a_record_has_no_links(
    hubspot: Scenario, category: str, *, is_relinked: bool
) -> None:
    error = {"status": "error", "category": category, "message": "No company"}
    answer = {"status": "COMPLETE", "results": [], "numErrors": 1, "errors": [error]}
    hubspot.transport.on(LINKS, answer, status=207)
    items = [stored("9001", [], None)]

    found = hubspot.connector.fetch_relinked(hubspot.api, hubspot.context(), items)

    assert found == (["9001"] if is_relinked else [])


def test_companies_have_no_links_and_a_lost_scope_leaves_its_own_out(
    hubspot: Scenario,
) -> None:
    def names(kind: str, *scopes: str) -> list[str]:
        account = {"scopes": [f"crm.objects.{scope}.read" for scope in scopes]}
        context = hubspot.context(remote_id=kind, account=account)
        return list(hubspot.connector.link_properties(context))

    assert names("companies", "contacts", "companies") == []
    assert names("contacts", "contacts", "companies") == [
        "associations.companies",
        "associations.companies.labels",
        NO_PRIMARY,
    ]
    assert names("deals", "deals", "contacts") == [
        "associations.contacts",
        "associations.contacts.labels",
    ]


@pytest.mark.parametrize(
    ("labels", "is_relinked"),
    [
        ({"7002": ["Billing contact", "Decision maker"]}, False),
        ({"7002": ["Decision maker"]}, True),
        ({"7001": ["Billing contact", "Decision maker"]}, True),
        (None, True),
    ],
)
def test_a_record_is_relinked_by_another_label(
    hubspot: Scenario, labels: dict[str, list[str]] | None, is_relinked: bool
) -> None:
    hubspot.play({LINKS: ["associations_labelled"]})
    item = stored("9001", ["7001", "7002"], "7002")
    if labels:
        item.properties["associations.companies.labels"] = labels

    found = hubspot.connector.fetch_relinked(hubspot.api, hubspot.context(), [item])

    assert found == (["9001"] if is_relinked else [])
