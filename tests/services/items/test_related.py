"""Related items: the same address or company elsewhere, of the same user only."""

import pytest

from integrations.services.items.described import describe
from integrations.services.items.relations import related
from integrations.services.items.relations.related import find_related
from integrations.services.items.relations.traces import Trace, traces_of
from tests.support.rows import NOON, make_collection, make_connection, make_item


@pytest.fixture
def contact(alice):
    contacts = make_collection(make_connection(alice))
    return make_item(contacts, properties={"email": "ana@acme.example"})


@pytest.fixture
def elsewhere(alice):
    return make_collection(make_connection(alice), remote_id="deals", item_type="deal")


def found(item):
    traces = traces_of(item.properties, describe(item.collection, item.properties))
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
    "value",
    [
        "Ana Reyes <ana@acme.example>",
        '"Reyes, Ana" <mailto:ana@acme.example>',
        "mailto:Ana@acme.example?subject=Hi",
        "bo@acme.example; ana@acme.example",
        "bo@acme.example ana@acme.example",
    ],
)
def test_an_address_is_found_with_its_name_and_among_others(contact, elsewhere, value):
    other = make_item(
        elsewhere, properties={"x": value, "indexed": "ana@acme.example !"}
    )

    assert (other, "Same e-mail address, ana@acme.example") in found(contact)


@pytest.mark.parametrize(
    "value",
    [
        {"id": "usr1", "email": "ana@acme.example", "name": "Ana"},
        [{"id": "usr1", "email": "ana@acme.example", "name": "Ana"}],
        [{"text": "Write", "href": "mailto:ana@acme.example"}],
    ],
)
def test_what_names_somebody_with_an_address_comes_behind_who_has_it(
    contact, elsewhere, value
):
    for number in range(related.MOST + 1):
        make_item(
            elsewhere,
            name=f"Task {number}",
            properties={"user": value, "indexed": "ana@acme.example !"},
        )
    ana = make_item(elsewhere, properties={"mail": "ana@acme.example"})

    (first, why), *others = found(contact)

    assert (first, why) == (ana, "Same e-mail address, ana@acme.example")
    assert len(others) == related.MOST - 1
    named = "Names somebody with the e-mail address ana@acme.example"
    assert {each for _, each in others} == {named}


@pytest.mark.parametrize(
    "value",
    ["Ana asked ana@acme.example to call", "an ana@acme.example.org one"],
)
def test_an_address_among_other_words_is_somebody_elses(contact, value):
    assert not Trace(kind="email", text="ana@acme.example").is_in({"note": value})


def test_who_works_on_an_item_is_not_whose_it_is(elsewhere):
    user = {"id": "usr1", "email": "owner@acme.example", "name": "Owner"}
    item = make_item(elsewhere, properties={"assignee": user, "id": "494012345678"})

    assert traces_of(item.properties, describe(item.collection, item.properties)) == []


@pytest.mark.parametrize(
    "written",
    [
        "+49 40 1234567-8",
        "0049 (40) 12345678",
        "+494012345678",
        "040/12345678",
        "tel:+49-40-12345678",
        "\u202a+49\u00a040\u201312345678\u202c",
        "+49 (0)40 12345678 ext. 12",
        "+49 40 12345678 x9",
    ],
)
def test_the_same_phone_number_is_found_however_it_is_written(
    contact, elsewhere, written
):
    contact.properties = {"phone": "+49 40 12345678"}
    other = make_item(elsewhere, properties={"mobile": written})
    make_item(elsewhere, properties={"mobile": "+49 40 12345679", "id": "4012345678"})

    assert found(contact) == [(other, "Same phone number, ending in 012345678")]


@pytest.mark.parametrize("written", ["494012345678", "00494012345678", "04012345678"])
def test_digits_alone_are_a_number_in_a_field_for_numbers(alice, contact, written):
    schema = {"fields": [{"name": "phone", "label": "Phone", "kind": "phone"}]}
    people = make_collection(make_connection(alice), remote_id="p", schema=schema)
    contact.properties = {"phone": "+49 40 12345678"}
    other = make_item(people, properties={"phone": written})

    assert found(contact) == [(other, "Same phone number, ending in 012345678")]
    (trace,) = traces_of(other.properties, describe(people, other.properties))
    assert trace.text == "012345678"


@pytest.mark.parametrize(
    ("about", "kind", "text"),
    [
        ("Ana <ana@acme.example>", "email", "ana@acme.example"),
        ("mailto:Ana@Acme.example", "email", "ana@acme.example"),
        ("004940 12345678", "phone", "012345678"),
        ("tel:+494012345678", "phone", "012345678"),
        ("494012345678", "phone", "012345678"),
        ("https://www.Acme.example/x?y", "domain", "acme.example"),
        ("ana", None, ""),
    ],
)
def test_what_a_user_writes_is_read_as_an_address_a_number_or_a_domain(
    about, kind, text
):
    trace = Trace.parse(about)

    assert (trace and trace.kind, trace.text if trace else "") == (kind, text)


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


@pytest.mark.parametrize(("others", "has_more"), [(1, False), (2, True)])
def test_what_is_deleted_hides_no_item_unsaid(
    contact, elsewhere, monkeypatch, others, has_more
):
    monkeypatch.setattr(related, "FOUND", 4)
    monkeypatch.setattr(related, "LOOKED_AT_FOR_ALL", 4)
    same = {"mail": "ana@acme.example"}
    make_item(elsewhere, properties=same, deleted_at=NOON, deleted_kind="deleted")
    for _ in range(others):
        make_item(elsewhere, properties=same)
    trace = Trace(kind="email", text="ana@acme.example")

    _, is_more = related.find_all(trace, owner_id=contact.owner_id, most=100)

    assert is_more is has_more


def test_the_page_links_to_them(client, contact, elsewhere):
    other = make_item(
        elsewhere, name="Ana's deal", properties={"m": "ana@acme.example"}
    )
    client.force_login(contact.owner)

    page = client.get(contact.get_absolute_url()).content.decode()

    assert other.get_absolute_url() in page
    assert "Same e-mail address, ana@acme.example" in page
