"""Everything that shares an address, on one page: whose it is, what differs, when."""

from datetime import timedelta

import pytest
from django.urls import reverse

from integrations.models import ItemChange
from integrations.providers.kinds import Role
from integrations.services.items.described import describe
from integrations.services.items.relations import everything, related
from integrations.services.items.relations.side_by_side import compare
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection, make_item

ANA = "ana@acme.example"
FORMATS = {
    "email": {"type": "email"},
    "phone": {"type": "phoneNumber"},
    "link": {"type": "url"},
    "text": {"type": "singleLineText"},
}
CRM = {
    "fields": [
        {"name": "email", "label": "Email", "kind": "email"},
        {"name": "phone", "label": "Phone", "kind": "phone"},
    ]
}


@pytest.fixture
@kept
def contact(collection):
    collection.schema = CRM
    collection.save()
    return make_item(
        collection, name="Ana", properties={"email": ANA, "phone": "+49 40 12345678"}
    )


@pytest.fixture
@kept
def record(alice):
    base = make_connection(alice, provider="airtable", remote_id="usr1")
    schema = {
        "fields": [
            {"name": "fld1", "label": "E-mail", "kind": "email"},
            {"name": "fld2", "label": "Phone", "kind": "phone"},
            {"name": "fld3", "label": "Assignee", "kind": "users"},
        ],
        "formats": {"fld1": FORMATS["email"], "fld2": FORMATS["phone"]},
    }
    people = make_collection(
        base, remote_id="app1/tbl1", item_type="record", schema=schema
    )
    return make_item(
        people, name="Ana B.", properties={"fld1": ANA, "fld2": "+49 40 999888777"}
    )


def ask(client, about, **query):
    return client.get(reverse("integrations:everything"), {"about": about, **query})


def names(page):
    return [entry["item"].name for entry in page.context["items"]]


@pytest.mark.parametrize("about", [ANA, " ANA@acme.example ", "acme.example"])
def test_items_of_all_providers_are_there_with_their_reasons(
    as_alice, contact, record, about
):
    page = ask(as_alice, about)

    whys = {entry["item"]: entry["why"] for entry in page.context["items"]}
    assert whys == {contact: "Email", record: "E-mail"}


def test_whose_address_it_is_comes_before_what_they_work_on(
    as_alice, record, contact, monkeypatch
):
    user = {"id": "usrAnaMarinHarbor", "email": ANA, "name": "Ana"}
    for number in range(3):
        make_item(
            record.collection, name=f"A task {number}", properties={"fld3": [user]}
        )
    monkeypatch.setattr(everything, "MOST_ITEMS", 4)

    page = ask(as_alice, f"Ana <{ANA}>")

    assert set(names(page)[:2]) == {"Ana", "Ana B."}
    assert names(page)[2:] == ["A task 0", "A task 1"]
    assert page.context["has_more"]


def test_a_phone_number_is_one_however_it_is_written(as_alice, contact, record):
    assert names(ask(as_alice, "0049 (40) 1234-5678")) == ["Ana"]


def test_fields_stand_side_by_side_and_differences_are_told(as_alice, contact, record):
    page = ask(as_alice, ANA)

    rows = {row["label"]: row for row in page.context["rows"]}
    assert rows["Phone"]["differs"]
    assert {cell["value"].text for cell in rows["Phone"]["cells"]} == {
        "+49 40 12345678",
        "+49 40 999888777",
    }
    assert b"Differs" in page.content


def side_by_side(owner, *fields_of_items):
    """Return the rows of items whose fields are told as label, kind and value."""
    items = []
    for number, fields in enumerate(fields_of_items):
        is_crm = isinstance(fields, dict)
        own = make_connection(
            owner,
            provider="hubspot" if is_crm else "airtable",
            remote_id=f"side{number}",
        )
        told = fields if is_crm else {f"fld{n}": f for n, f in enumerate(fields)}
        kinds = [
            {"name": name, "label": label, "kind": kind}
            for name, (label, kind, _) in told.items()
        ]
        formats = {name: FORMATS[kind] for name, (_, kind, _) in told.items()}
        people = make_collection(
            own,
            remote_id="contacts" if is_crm else f"app{number}/tbl",
            item_type="contact" if is_crm else "record",
            schema={"fields": kinds, "formats": formats},
        )
        values = {name: value for name, (_, _, value) in told.items()}
        items.append(make_item(people, name="Ana", properties=values))
    values = [describe(item.collection, item.properties) for item in items]
    return [
        (row.role, [f.label if f else "" for f in row.fields], row.differs)
        for row in compare(items, values)
    ]


def test_what_means_the_same_is_in_one_row_whatever_it_is_called(alice):
    rows = side_by_side(
        alice,
        {
            "email": ("Email", "email", ANA),
            "phone": ("Phone Number", "phone", "+49 40 12345678"),
            "mobilephone": ("Mobile Phone", "phone", "+49 170 1234567"),
            "website": ("Website URL", "text", "acme.example"),
            "company": ("Company Name", "text", "Acme"),
        },
        [
            ("E-mail", "email", ANA.upper()),
            ("Phone", "phone", "0049 (40) 12345678"),
            ("Homepage", "link", "https://www.acme.example/"),
            ("Profile", "link", "https://acme.example/ana"),
            ("Company", "text", "Acme Ltd"),
        ],
    )

    assert (Role.EMAIL, ["Email", "E-mail"], False) in rows
    assert (Role.PHONE, ["Phone Number", "Phone"], False) in rows
    assert (Role.COMPANY, ["Company Name", "Company"], True) in rows
    assert (None, ["", "Profile"], False) in rows


def test_what_is_merely_alike_is_not_joined(alice):
    crm = {
        "phone": ("Phone Number", "phone", "+49 40 12345678"),
        "company": ("Company Name", "text", "Acme"),
    }
    two = [
        ("Phone", "phone", "+49 40 999888777"),
        ("Mobile", "phone", "+49 170 1234567"),
        ("Company size", "text", "12"),
    ]

    rows = side_by_side(alice, crm, two)

    assert (Role.PHONE, ["Phone Number", ""], False) in rows
    assert (None, ["", "Phone"], False) in rows
    assert (None, ["", "Mobile"], False) in rows
    assert (Role.COMPANY, ["Company Name", ""], False) in rows


@pytest.mark.parametrize(
    ("kind", "one", "other", "differs"),
    [
        ("link", "linkedin.com/company/a", "https://linkedin.com/company/b", True),
        ("link", "acme.com/en", "acme.com/de", True),
        ("link", "acme.com/?shop=1", "acme.com/?shop=2", True),
        ("link", "acme.com", "acme.com:8080", True),
        ("link", "https://www.Acme.com/en/", "acme.com/en", False),
        ("link", "acme.com/caf%C3%A9", "acme.com/café", False),
        ("phone", "+49 30 123456789", "+43 1 123456789", True),
        ("phone", "+49 30 123456789 ext. 1", "+49 30 123456789 ext. 22", True),
        ("phone", "+49 30 123456789", "+49 30 123456789 x1", True),
        ("phone", "030 123456789", "+49 40 123456789", True),
        ("phone", "+49 30 123456789 ext. 1", "tel:004930123456789;ext=1", False),
        ("phone", "030 123456789", "+49 (0)30 123456789", False),
        ("phone", "(415) 555-1234", "1-415-555-1234", False),
        ("phone", "8 (912) 345-67-89", "+7 912 345 67 89", False),
        ("email", "a@x.com; b@x.com", "a@x.com; c@x.com", True),
        ("email", "a@x.com", "a@x.com (old), b@x.com", True),
        ("email", "a@x.com; B@x.com", "Bo <b@x.com>, a@x.com", False),
        ("text", "Acme", " ACME", False),
        ("text", "Acme", "Acme Ltd", True),
    ],
)
def test_values_differ_unless_they_are_the_same_written_in_another_way(
    alice, kind, one, other, differs
):
    told = [[("Website", kind, each)] for each in (one, other)]

    [(_, _, found)] = side_by_side(alice, *told)

    assert found is differs


def test_numbers_of_two_countries_differ_though_a_third_tells_none(alice):
    numbers = ("030 123456789", "+49 30 123456789", "+43 30 123456789")

    rows = side_by_side(alice, *([("Phone", "phone", each)] for each in numbers))

    assert rows == [(Role.PHONE, ["Phone"] * 3, True)]


def test_each_label_stays_where_they_differ(as_alice, contact, record):
    page = ask(as_alice, ANA)

    rows = {row["label"]: row["cells"] for row in page.context["rows"]}
    [mail] = [cells for cells in rows.values() if cells[0]["label"]]
    assert [cell["label"] for cell in mail] == ["E-mail", "Email"]
    assert {cell["label"] for cell in rows["Phone"]} == {""}


def test_the_timeline_leaves_out_what_was_only_found_out(contact):
    for kind in ("found", "changed"):
        ItemChange.objects.create(item=contact, at=NOON, kind=kind, fields={})

    told = everything.fetch_timeline([contact], "")

    assert [each.kind for each in told.changes.values()] == ["changed"]


def test_the_timeline_has_all_that_happened_newest_first_page_after_page(
    as_alice, contact, record
):
    for n in range(60):
        item = (contact, record)[n % 2]
        ItemChange.objects.create(
            item=item,
            at=NOON + timedelta(minutes=n // 4),
            kind="changed",
            fields={"name": ["Old", f"New {n}"]},
        )

    page = ask(as_alice, ANA)
    events = list(page.context["events"])
    while page.context["next_url"]:
        page = as_alice.get(page.context["next_url"])
        events += page.context["events"]

    changed = [e["pk"] for e in events if e["kind"] == "changed"]
    newest = ItemChange.objects.order_by("-at", "-pk").values_list("pk", flat=True)
    assert changed == list(newest)
    assert len(events) == 62
    assert [e["when"] for e in events] == sorted(
        (e["when"] for e in events), reverse=True
    )


def test_nobody_elses_items_are_there(as_bob, contact):
    page = ask(as_bob, ANA)

    assert 'data-code="nothing_about"' in page.content.decode()
    assert "Acme" not in page.content.decode()


def test_what_is_behind_the_first_ones_is_not_said_to_be_nowhere(
    as_alice, collection, monkeypatch
):
    monkeypatch.setattr(related, "LOOKED_AT_FOR_ALL", 2)
    worker = {"id": "usr2", "email": ANA, "name": "Ana"}
    for name in ("Ask", "Tell"):
        told = {"user": worker, "indexed": f"{ANA} !"}
        make_item(collection, name=name, properties=told)
    make_item(collection, name="Acme", properties={"site": "acme.example"})

    html = ask(as_alice, "acme.example").content.decode()

    assert 'data-code="nothing_among_first"' in html
    assert "/items/?q=acme.example" in html


@pytest.mark.parametrize("about", ["no address", "12345", "@", "x" * 5000, "\x00"])
def test_what_is_no_address_is_said_to_be_none(as_alice, contact, about):
    page = ask(as_alice, about)

    assert page.status_code == 200
    assert 'data-code="not_an_address"' in page.content.decode()


def test_without_a_question_there_is_a_form(as_alice):
    page = ask(as_alice, "")

    assert page.status_code == 200
    assert b"data-code" not in page.content.split(b"<main")[1]


@pytest.mark.parametrize("token", ["x", "AAAA", "é", "a" * 5000])
def test_an_odd_position_is_the_first_page(as_alice, contact, token):
    page = ask(as_alice, ANA, before=token)

    assert len(page.context["events"]) == 1


def test_an_items_page_leads_there(as_alice, contact, record):
    page = as_alice.get(contact.get_absolute_url())

    [by_mail, by_phone, by_domain] = page.context["everything"]
    assert names(as_alice.get(by_mail["url"])) == ["Ana B.", "Ana"]
    assert names(as_alice.get(by_phone["url"])) == ["Ana"]
    assert len(names(as_alice.get(by_domain["url"]))) == 2


def test_the_page_takes_few_queries(
    as_alice, contact, record, django_assert_max_num_queries
):
    with django_assert_max_num_queries(12):
        ask(as_alice, ANA)
