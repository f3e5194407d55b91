"""Related items: the same address or company elsewhere, of the same user only."""

import pytest

from integrations.services.items.described import describe
from integrations.services.items.relations import related
from integrations.services.items.relations.related import find_related, traces_of
from tests.support.rows import NOON, make_collection, make_connection, make_item


@pytest.fixture
def contact(alice):
    contacts = make_collection(make_connection(alice))
    return make_item(contacts, properties={"email": "ana@acme.example"})


@pytest.fixture
def elsewhere(alice):
    return make_collection(make_connection(alice), remote_id="deals", item_type="deal")


def found(item):
    traces = traces_of(item, describe(item.collection, item.properties))
    return [(entry.item, entry.why) for entry in find_related(item, traces)]


@pytest.mark.parametrize(
    "value", ["ana@acme.example", " Ana@ACME.example ", ["x", "ana@acme.example"]]
)
def test_the_same_address_is_found_however_it_is_written(contact, elsewhere, value):
    words = "ana@acme.example" if isinstance(value, list) else ""
    other = make_item(elsewhere, properties={"cell": value, "indexed": f"{words} !"})

    assert found(contact) == [(other, "Same e-mail address, ana@acme.example")]


def test_the_company_is_found_by_its_domain(contact, elsewhere):
    company = make_item(elsewhere, properties={"domain": "acme.example"})
    site = make_item(elsewhere, properties={"web": "https://www.acme.example/about"})
    mail = make_item(elsewhere, properties={"mail": "bo@acme.example"})

    why = "Same company domain, acme.example"
    assert sorted(found(contact), key=lambda pair: pair[0].pk) == [
        (company, why),
        (site, why),
        (mail, why),
    ]


@pytest.mark.parametrize(
    "written",
    ["+49 40 1234567-8", "0049 (40) 12345678", "+494012345678", "040/12345678"],
)
def test_the_same_phone_number_is_found_however_it_is_written(
    contact, elsewhere, written
):
    contact.properties = {"phone": "+49 40 12345678"}
    other = make_item(elsewhere, properties={"mobile": written})
    make_item(elsewhere, properties={"mobile": "+49 40 12345679", "id": "4012345678"})

    assert found(contact) == [(other, "Same phone number, ending in 012345678")]


def test_addresses_come_before_domains(contact, elsewhere):
    make_item(elsewhere, properties={"domain": "acme.example"})
    same = make_item(elsewhere, properties={"mail": "ana@acme.example"})

    assert found(contact)[0][0] == same


@pytest.mark.parametrize(
    "properties",
    [
        {"mail": "ana@acme.example.org"},
        {"mail": "ana@acme.examples"},
        {"note": "ana wrote to acme about an example"},
        {"domain": "notacme.example"},
        {"domain": "acme.example.evil"},
    ],
)
def test_words_alone_do_not_relate(contact, elsewhere, properties):
    make_item(elsewhere, properties=properties)

    assert found(contact) == []


def test_others_items_are_never_related(contact, bob):
    make_item(
        make_collection(make_connection(bob)), properties={"mail": "ana@acme.example"}
    )

    assert found(contact) == []


def test_the_same_collection_and_what_is_deleted_stay_out(contact, elsewhere):
    same = {"mail": "ana@acme.example"}
    make_item(contact.collection, properties=same)
    make_item(elsewhere, properties=same, deleted_at=NOON, deleted_kind="deleted")

    assert found(contact) == []


def test_a_mail_service_is_no_company(alice, elsewhere):
    contacts = make_collection(make_connection(alice))
    contact = make_item(contacts, properties={"email": "ana@gmail.com"})
    make_item(elsewhere, properties={"mail": "bo@gmail.com"})

    assert found(contact) == []


def test_only_ten_are_shown_and_few_are_looked_at(
    contact, elsewhere, django_assert_max_num_queries
):
    for number in range(15):
        make_item(elsewhere, properties={"mail": f"p{number}@acme.example"})

    with django_assert_max_num_queries(1):
        assert len(found(contact)) == related.MOST


def test_the_page_links_to_them(client, contact, elsewhere):
    other = make_item(
        elsewhere, name="Ana's deal", properties={"m": "ana@acme.example"}
    )
    client.force_login(contact.owner)

    page = client.get(contact.get_absolute_url()).content.decode()

    assert other.get_absolute_url() in page
    assert "Same e-mail address, ana@acme.example" in page
