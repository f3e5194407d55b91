"""Pages are small: without what only their authors see, and compressed."""

import gzip
from datetime import timedelta
from itertools import cycle

import pytest
from django.utils import timezone
from msgspec.structs import asdict

from config.web.templates import compact
from integrations.providers.airtable.mapping.fields import to_field as to_airtable_field
from integrations.providers.hubspot.mapping.fields import to_field
from integrations.providers.hubspot.objects import OBJECT_TYPES
from integrations.providers.notion.mapping.schema import to_schema
from sandbox.hubspot.seed.definitions import list_definitions
from tests.support.rows import NOON, make_collection, make_connection, make_items

LONG = "Fischer & Sons, harbour 4: <tide> tables"
TYPES = OBJECT_TYPES.values()


def name_tables(what):
    return [f"{what}s of the year {2004 + n}" for n in range(20)]


def fill(connection):
    names = [f"{LONG} {number}" for number in range(60)]
    make_items(make_collection(connection), [{"name": name} for name in names])


def test_a_list_of_fifty_rows_is_below_forty_kilobytes(as_alice, connection):
    fill(connection)

    page = as_alice.get("/items/")

    assert page.content.count(b"<td") == 50 * 4
    assert len(page.content) < 40_000


def test_a_list_whose_items_say_what_they_belong_to_is_below_forty_kilobytes(
    as_alice, alice, connection
):
    deals = make_collection(connection, item_type="deal")
    make_items(
        deals,
        [
            {"name": f"Ada Castro, {LONG} {n}", "parent_name": f"Ito rope Inc {n}"}
            for n in range(60)
        ],
    )
    for n in range(4):
        other = make_connection(alice, remote_id=f"portal-{n}")
        make_collection(other, name=f"Contacts of {n}", remote_id="contacts")

    page = as_alice.get("/items/")

    assert page.content.count(b"Ito rope Inc") == 50
    assert b"Contacts of 3" in page.content
    assert len(page.content) < 40_000


# Whose tables a team has: of a wiki, of bases of two workspaces, and of two portals.
ACCOUNTS = [
    ("notion", "Team of the pier", dict.fromkeys(name_tables("Plan"), "page")),
    ("airtable", "Harbour office", dict.fromkeys(name_tables("Shipment"), "record")),
    ("airtable", "Quay & Partner", dict.fromkeys(name_tables("Supplier"), "record")),
    ("hubspot", "Lantern & Reed", {each.name: each.item_type for each in TYPES}),
    ("hubspot", "Tidewater GmbH", {each.name: each.item_type for each in TYPES}),
]


def test_a_list_of_five_accounts_with_dozens_of_tables_is_below_forty_kilobytes(
    as_alice, alice
):
    for provider, account, tables in ACCOUNTS:
        owner = make_connection(alice, provider=provider, account_name=account)
        for name, kind in tables.items():
            made = make_collection(owner, name=name, remote_id=name, item_type=kind)
            rows = [
                {
                    "name": f"{LONG} {n}",
                    "parent_name": f"Ito rope Inc {n}",
                    "remote_created_at": NOON - timedelta(days=n),
                }
                for n in range(60)
            ]
            make_items(made, rows if kind == "deal" else rows[:1])

    page = as_alice.get("/items/")

    assert page.content.count(b"Ito rope Inc") == 50
    assert all(account in page.text for _, account, _ in ACCOUNTS[:2])
    assert len(page.content) < 40_000


STAGES = ("customer", "salesqualifiedlead", "lead")
# What records of each type have in the columns that HubSpot's own lists show first.
RECORDS = {
    "contacts": lambda n: {
        "email": f"max.oberholzer{n}@harbour.example",
        "phone": f"+49 30 5550 {n:04}",
        "associations.companies": ["1"],
        "hubspot_owner_id": f"{41 + n % 2}",
        "lifecyclestage": STAGES[n % 3],
        "hs_lead_status": "IN_PROGRESS",
    },
    "companies": lambda n: {
        "domain": f"harbour-freight-{n}.example",
        "industry": "COMPUTER_SOFTWARE",
        "phone": f"+49 30 5550 {n:04}",
        "hubspot_owner_id": f"{41 + n % 2}",
        "lifecyclestage": STAGES[n % 3],
    },
    "deals": lambda n: {
        "amount": f"{125_000 + n}.50",
        "deal_currency_code": "EUR",
        "dealstage": f"s{n % 2}",
        "hubspot_owner_id": f"{41 + n % 2}",
        "closedate": f"2026-12-{1 + n % 28:02}T16:30:00Z",
    },
}
LOOKUPS = {
    "owner": {"41": "Cleo Cole", "42": "Alexandra Featherstone"},
    "stage": {"s0": "Presentation scheduled", "s1": "Closed won"},
}


# What the two others show first, as their APIs tell of it.
AIRTABLE = [
    {"name": "Name", "type": "singleLineText"},
    {"name": "Contact", "type": "email"},
    {"name": "State", "type": "singleSelect"},
    {"name": "Lead", "type": "singleCollaborator"},
    {"name": "Starts", "type": "dateTime", "options": {"timeZone": "Asia/Tokyo"}},
    {"name": "Cost", "type": "currency", "options": {"precision": 2, "symbol": "€"}},
    {"name": "Billed", "type": "checkbox"},
]
# Addresses side by side.
CONTACTS = [
    {"name": "Name", "type": "singleLineText"},
    {"name": "E-mail", "type": "email"},
    {"name": "Website", "type": "url"},
    {"name": "Lead", "type": "singleCollaborator"},
]
NOTION = {
    "Status": {"id": "state", "type": "status"},
    "Priority": {"id": "size", "type": "select"},
    "Team": {"id": "team", "type": "people"},
    "Due": {"id": "due", "type": "date"},
    "Mail": {"id": "mail", "type": "email"},
    "Made at": {"id": "made", "type": "created_time"},
}
OTHERS = {
    "airtable-links": lambda n: {
        "fldAAAAAAAAAAAAA0": f"Max Oberholzer {n}",
        "fldAAAAAAAAAAAAA1": f"max.oberholzer{n}@harbour-freight.example",
        "fldAAAAAAAAAAAAA2": f"https://www.harbour-freight-{n}.example/en/about",
        "fldAAAAAAAAAAAAA3": {"id": "usr1", "name": "Alexandra Featherstone"},
    },
    "airtable": lambda n: {
        "fldAAAAAAAAAAAAA0": f"Max Oberholzer {n}",
        "fldAAAAAAAAAAAAA1": f"max.oberholzer{n}@harbour.example",
        "fldAAAAAAAAAAAAA2": "In progress",
        "fldAAAAAAAAAAAAA3": {"id": "usr1", "name": "Alexandra Featherstone"},
        "fldAAAAAAAAAAAAA4": f"2026-12-{1 + n % 28:02}T16:30:00.000Z",
        "fldAAAAAAAAAAAAA5": 125_000 + n,
        "fldAAAAAAAAAAAAA6": n % 3 == 0,
    },
    "notion": lambda n: {
        "state": "In progress",
        "size": "High",
        "team": [{"id": "1", "name": "Alexandra Featherstone"}],
        "due": {"start": f"2026-12-{1 + n % 28:02}T16:30:00.000Z", "end": None},
        "mail": f"max.oberholzer{n}@harbour.example",
        "made": f"2026-10-{1 + n % 28:02}T09:12:00.000Z",
    },
}


# What this zone calls a day has mostly begun when that of the source has not.
@pytest.mark.parametrize(
    "zone", ["", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu"]
)
@pytest.mark.parametrize("kind", [*RECORDS, *OTHERS])
def test_a_table_of_fifty_rows_is_below_forty_kilobytes_in_any_zone(
    as_alice, alice, connection, kind, zone
):
    as_alice.cookies["tz"] = zone

    path = (
        make_records(connection, kind) if kind in RECORDS else make_others(alice, kind)
    )
    page = as_alice.get(path)

    assert page.content.count(b"name=item") == 50
    assert page.content.count(b"Alexandra Featherstone") >= 25
    assert len(page.content) < 40_000


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu"])
def test_a_time_of_a_cell_is_told_in_both_zones(as_alice, alice, connection, zone):
    as_alice.cookies["tz"] = zone
    told = {"Europe/Berlin": "17:30 CET", "Asia/Kathmandu": "22:15 +0545"}[zone]

    deals = as_alice.get(make_records(connection, "deals")).content.decode()
    others = as_alice.get(make_others(alice, "airtable")).content.decode()

    assert f'<td title="2 Dec 2026, 16:30 UTC">2 Dec 2026, {told}<td' in deals
    assert f'<td title="3 Dec 2026, 01:30 JST">2 Dec 2026, {told}<td' in others
    assert f"Times are in {zone}." in deals


def test_what_a_row_costs_more_in_another_zone_and_with_a_pencil_is_bounded(
    as_alice, alice
):
    scopes = ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"]
    connection = make_connection(alice, granted_scopes=scopes, is_editing=True)
    as_alice.cookies["tz"] = "America/New_York"

    page = as_alice.get(make_records(connection, "contacts"))

    assert page.content.count(b'class="cell-edit"') == 50
    assert len(page.content) < 54_000


def test_links_elsewhere_tell_once_that_they_open_a_tab(as_alice, connection):
    html = as_alice.get(make_records(connection, "companies")).content.decode()

    link = (
        '<td><a href="https://harbour-freight-59.example"'
        " target=_blank aria-describedby=new-tab>harbour-freight-59.example</a><td"
    )
    assert link in html
    assert html.count("opens in a new tab") == 1
    assert '<span id="new-tab" hidden>opens in a new tab</span>' in html


def test_an_address_elsewhere_is_told_without_its_scheme(as_alice, alice):
    page = as_alice.get(make_others(alice, "airtable-links"))

    html = page.content.decode()
    address = "www.harbour-freight-59.example/en/about"
    assert f'<a href="https://{address}" target=_blank' in html
    assert f">{address}</a>" in html
    # What a link leads to learns nothing of the page by these.
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_an_address_that_its_link_tells_has_no_title(as_alice, connection):
    html = as_alice.get(make_records(connection, "contacts")).content.decode()

    email = "max.oberholzer59@harbour.example"
    assert f'<td><a href="mailto:{email}">{email}</a><td' in html
    assert "<td><i>Alexandra Featherstone</i>" in html


def make_records(connection, kind):
    """Make sixty records of a type with the 300 properties of a usual account."""
    connection.last_synced_at = timezone.now()
    connection.save(update_fields=["last_synced_at"])
    made = {key: make_described(connection, key) for key in {"companies", kind}}
    company = {"name": "Harbour Freight", "remote_id": "1"}
    make_items(made["companies"], [company])
    rows = [
        {"name": f"Max Oberholzer {number}", "properties": RECORDS[kind](number)}
        for number in range(60)
    ]
    make_items(made[kind], rows)
    return f"/collections/{made[kind].pk}/"


def make_others(owner, kind):
    """Make sixty records of a table of Airtable, or rows of Notion."""
    provider = kind.partition("-")[0]
    is_airtable = provider == "airtable"
    fields = CONTACTS if kind == "airtable-links" else AIRTABLE
    now = timezone.now()
    connection = make_connection(owner, provider=provider, last_synced_at=now)
    made = make_collection(
        connection,
        remote_id="appAAAAAAAAAAAAA1/tblAAAAAAAAAAAAA1" if is_airtable else "tasks",
        name="Tasks",
        item_type="record" if is_airtable else "page",
        schema=airtable_schema(fields)
        if is_airtable
        else to_schema({"properties": NOTION}),
    )
    rows = [
        {"name": f"Max Oberholzer {number}", "properties": OTHERS[kind](number)}
        for number in range(60)
    ]
    make_items(made, rows)
    return f"/collections/{made.pk}/"


def airtable_schema(told):
    fields = [
        to_airtable_field({**entry, "id": f"fldAAAAAAAAAAAAA{number}"})
        for number, entry in enumerate(told)
    ]
    return {
        "primary": fields[0][0].name,
        "fields": [spec.to_json() for spec, _ in fields],
        "formats": {spec.name: told for spec, told in fields},
    }


def make_described(connection, kind):
    described = OBJECT_TYPES[kind]
    definitions = list_definitions(described.type_id, 300)
    fields = filter(None, (to_field(each, described) for each in definitions))
    return make_collection(
        connection,
        remote_id=kind,
        name=kind.capitalize(),
        item_type=described.item_type,
        schema={"fields": [asdict(field) for field in fields], "lookups": LOOKUPS},
    )


def test_a_page_is_compressed_for_whoever_takes_it_so(as_alice, connection):
    fill(connection)

    page = as_alice.get("/items/", headers={"accept-encoding": "gzip"})

    assert page.headers["Content-Encoding"] == "gzip"
    assert int(page.headers["Content-Length"]) == len(page.content) < 10_000
    assert b"harbour 4: &lt;tide&gt; tables 57" in gzip.decompress(page.content)
    assert "Accept-Encoding" in page.headers["Vary"]


def test_a_file_is_not_compressed(as_alice, connection):
    fill(connection)

    answer = as_alice.post(
        "/items/download/",
        {"form": "csv", "values": "shown"},
        headers={"accept-encoding": "gzip"},
    )

    assert answer.streaming
    assert "Content-Encoding" not in answer.headers
    assert b"harbour 4" in b"".join(answer.streaming_content)


def test_lines_lose_what_only_authors_see_and_texts_keep_it():
    source = '<p>\n  One\n\n  two</p>\n<pre>\n  a\n    b</pre>\n  <i\n   class="x">'

    assert (
        compact(source) == '<p>\nOne\ntwo</p>\n<pre>\n  a\n    b</pre>\n<i\nclass="x">'
    )


def test_a_no_break_space_at_the_end_of_a_line_is_text():
    assert compact("<b>5\u00a0\n  km</b>") == "<b>5\u00a0\nkm</b>"
    assert compact("<p>\n <pre>{{ a }}\n  b") == "<p>\n<pre>{{ a }}\n  b"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a\n{% if x %}\n  b\n{% endif %}\nc", "a\n{% if x %}b\n{% endif %}c"),
        ("a\n{% for x in y %}\n{% if x %}\nb", "a\n{% for x in y %}{% if x %}b"),
        # What draws something itself, or begins inside of a line, is left alone.
        ("a\n{% icon 'left' %}\nb", "a\n{% icon 'left' %}\nb"),
        ("a {% if x %}\nb\n{% endif %}\nc", "a {% if x %}\nb\n{% endif %}c"),
        ("<pre>\n{% if x %}\n</pre>", "<pre>\n{% if x %}\n</pre>"),
    ],
)
def test_of_two_ends_of_a_line_around_a_silent_tag_one_is_left(source, expected):
    assert compact(source) == expected


def make_wide(connection, columns):
    fields = [
        {"name": f"property_{n}", "label": f"Some property {n}", "kind": kind}
        for n, kind in zip(range(columns), cycle(["text", "choice", "number"]))
    ]
    collection = make_collection(connection, schema={"fields": fields, "lookups": {}})
    names = [f"{LONG} {number}" for number in range(60)]
    make_items(collection, [{"name": name} for name in names])
    return f"/collections/{collection.pk}/"


def test_a_table_of_hundreds_of_columns_offers_them_on_a_page_of_their_own(
    as_alice, connection
):
    path = make_wide(connection, 300)

    page = as_alice.get(f"{path}?property_2__gt=1")

    assert len(page.content) < 60_000
    url = f"{path}choices/?property_2__gt=1"
    assert page.context["choices_url"] == url
    html = page.content.decode()
    assert f'hx-get="{url}"' in html
    assert f'href="{url}"' in html
    assert 'value="property_298"' not in html
    offered = as_alice.get(url).content.decode()
    assert all(f'value="property_{n}"' in offered for n in range(1, 300, 3))
    assert offered.count(f'action="{path}"') == 1
    assert '<input type="hidden" name="property_2__gt" value="1">' in offered
    filtering = as_alice.get(page.context["filter_url"]).content.decode()
    assert all(f'value="property_{n}"' in filtering for n in range(300))
    assert '<input type="hidden" name="property_2__gt" value="1">' in filtering


def test_what_is_offered_in_the_page_takes_no_title_or_message_from_it(
    as_alice, connection, codes
):
    path = make_wide(connection, 300)
    page = as_alice.get(path)
    as_alice.post("/views/new/", {"back": path, "name": "Mine"})

    part = as_alice.get(page.context["choices_url"], headers={"HX-Target": "choices"})

    assert b"<title>" not in part.content
    assert part.content.strip().startswith(b'<form class="box"')
    assert "HX-Target" in part.headers["Vary"]
    assert codes(as_alice.get(path))


def test_a_wide_table_that_can_be_edited_is_as_small(as_alice, alice):
    scopes = ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"]
    connection = make_connection(alice, granted_scopes=scopes, is_editing=True)

    page = as_alice.get(f"{make_wide(connection, 300)}?columns=property_0")

    assert page.content.count(b'class="cell-edit"') == 50
    assert b'data-field="property_0"' in page.content
    assert len(page.content) < 60_000


def test_a_table_of_few_columns_offers_them_at_once(as_alice, connection):
    page = as_alice.get(make_wide(connection, 20))

    assert "choices_url" not in page.context
    assert 'value="property_19"' in page.content.decode()
    assert 'value="property_18"' not in page.content.decode()
