"""Check whoami, the list of bases and their schema."""

from tests.sandbox.airtable.airtable_client import BO, CLEO, SCOPES, get_error

TYPES = """
aiText autoNumber barcode button checkbox count createdBy createdTime currency date
dateTime duration email externalSyncSource formula lastModifiedBy lastModifiedTime
manualSort multilineText multipleAttachments multipleCollaborators multipleLookupValues
multipleRecordLinks multipleSelects number percent phoneNumber rating richText rollup
singleCollaborator singleLineText singleSelect url
"""


def list_bases(airtable):
    return airtable.api("/meta/bases").data["bases"]


def test_the_address_and_the_records_need_their_scopes(airtable):
    airtable.connect()
    orders, _ = airtable.find_table("Orders")
    with_it = airtable.api("/meta/whoami").data
    airtable.connect(scope="schema.bases:read")

    without = airtable.api("/meta/whoami").data

    email, who = "ana@harbour-and-vale.example", {"id": "usrAnaMarinHarbor"}
    assert with_it == {**who, "email": email, "scopes": SCOPES.split()}
    assert without == {**who, "scopes": ["schema.bases:read"]}
    assert get_error(airtable.api(orders)) == (403, "INVALID_PERMISSIONS")


def test_bases_come_in_pages_and_may_share_a_name(harbour):
    harbour.switch("bases_page_size", 2)
    pages, offset = [], {}
    while not pages or offset:
        pages.append(harbour.api("/meta/bases", **offset).data)
        offset = {key: pages[-1][key] for key in ("offset",) if key in pages[-1]}

    names = [base["name"] for page in pages for base in page["bases"]]
    assert [len(page["bases"]) for page in pages] == [2, 2, 1]
    assert pages[0]["offset"].split("/")[1].startswith("app")
    assert names.count("Projects") == 2
    malformed = harbour.api("/meta/bases", offset="5")
    assert get_error(malformed) == (422, "INVALID_OFFSET_VALUE")


def test_each_person_has_their_own_level_on_each_base(airtable):
    airtable.connect(CLEO)
    assert {base["permissionLevel"] for base in list_bases(airtable)} == {"comment"}
    airtable.connect(BO)
    bases = {base["permissionLevel"]: base["id"] for base in list_bases(airtable)}
    closed = airtable.api(f"/meta/bases/{bases['none']}/tables")

    assert bases.keys() == {"edit", "read", "none"}
    assert get_error(closed) == (403, "INVALID_PERMISSIONS")


def test_only_what_was_picked_is_shared_and_that_can_stop_and_come_back(harbour):
    base = harbour.find_base()
    before = len(list_bases(harbour))

    harbour.command("bases/unshare", base="Operations")
    listed = list_bases(harbour)
    refused = harbour.api(f"/meta/bases/{base}/tables")
    spared = harbour.command("bases/share", base=base, grant=2)
    given = harbour.command("bases/share", base=base, grant=1)

    assert len(listed) == before - 1
    assert (spared["grants"], given["grants"]) == (0, 1)
    assert get_error(refused) == (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
    assert harbour.api(f"/meta/bases/{base}/tables").status == 200
    for picked, name in ((base, "Operations"), ("wspHarbourHobbies", "Inventory 📦")):
        harbour.connect(picked=[picked])
        assert [base["name"] for base in list_bases(harbour)] == [name]


def test_one_table_has_every_type_of_field_and_names_repeat(harbour):
    _, table = harbour.find_table("Every kind of field")
    _, shipments = harbour.find_table("Shipments")
    projects = [b["id"] for b in list_bases(harbour) if b["name"] == "Projects"]

    types = {field["type"] for field in table["fields"]}
    names = [table["name"] for base in projects for table in harbour.get_tables(base)]

    assert types == {*TYPES.split(), "holographicCell"}
    assert table["primaryFieldId"] == table["fields"][0]["id"]
    assert names.count("Archive") == 2
    assert [field["name"] for field in shipments["fields"]].count("Note") == 2


def test_views_are_told_and_a_scope_or_a_company_can_be_shut_out(harbour):
    path = f"/meta/bases/{harbour.find_base()}/tables"

    shown, wrong = harbour.api(path), harbour.api(path, include="everything")
    harbour.switch("enterprise_blocked", True)
    blocked, tables = harbour.api("/meta/bases"), harbour.api(path)
    harbour.switch("withdrawn_scopes", ["schema.bases:read"])
    refused = harbour.api("/meta/bases")

    views = [view["type"] for view in shown.data["tables"][2]["views"]]
    assert views == ["grid", "calendar"]
    assert (blocked.status, blocked.data) == (200, {"bases": []})
    assert (wrong.status, tables.status) == (422, 403)
    assert get_error(refused) == (403, "INVALID_PERMISSIONS")
    assert "schema.bases:read" not in harbour.api("/meta/whoami").data["scopes"]
