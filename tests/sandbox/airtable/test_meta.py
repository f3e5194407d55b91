"""Check whoami, the list of bases and their schema."""

from tests.sandbox.airtable.airtable_client import BO, CLEO, SCOPES, get_error

TYPES = """
aiText autoNumber barcode button checkbox count createdBy createdTime currency date
dateTime duration email externalSyncSource formula lastModifiedBy lastModifiedTime
manualSort multilineText multipleAttachments multipleCollaborators multipleLookupValues
multipleRecordLinks multipleSelects number percent phoneNumber rating richText rollup
singleCollaborator singleLineText singleSelect url
"""


def list_bases(client):
    return client.api("/meta/bases").data["bases"]


def test_the_address_and_the_records_need_their_scopes(client):
    client.connect()
    orders, _ = client.find_table("Orders")
    with_it = client.api("/meta/whoami").data
    client.connect(scope="schema.bases:read")

    without = client.api("/meta/whoami").data

    email, who = "ana@harbour-and-vale.example", {"id": "usrAnaMarinHarbor"}
    assert with_it == {**who, "email": email, "scopes": SCOPES.split()}
    assert without == {**who, "scopes": ["schema.bases:read"]}
    assert get_error(client.api(orders)) == (403, "INVALID_PERMISSIONS")


def test_bases_come_in_pages_and_may_share_a_name(connected):
    connected.switch("bases_page_size", 2)
    pages, offset = [], {}
    while not pages or offset:
        pages.append(connected.api("/meta/bases", **offset).data)
        offset = {key: pages[-1][key] for key in ("offset",) if key in pages[-1]}

    names = [base["name"] for page in pages for base in page["bases"]]
    assert [len(page["bases"]) for page in pages] == [2, 2, 1]
    assert pages[0]["offset"].split("/")[1].startswith("app")
    assert names.count("Projects") == 2
    malformed = connected.api("/meta/bases", offset="5")
    assert get_error(malformed) == (422, "INVALID_OFFSET_VALUE")


def test_each_person_has_their_own_level_on_each_base(client):
    client.connect(CLEO)
    assert {base["permissionLevel"] for base in list_bases(client)} == {"comment"}
    client.connect(BO)

    bases = {base["permissionLevel"]: base["id"] for base in list_bases(client)}

    assert bases.keys() == {"edit", "read", "none"}
    answer = client.api(f"/meta/bases/{bases['none']}/tables")
    assert get_error(answer) == (403, "INVALID_PERMISSIONS")
    client.order("bases/level", base=bases["read"], user=BO.split(":")[1], level="")
    assert bases["read"] not in [base["id"] for base in list_bases(client)]
    client.order("bases/level", base=bases["edit"], user=BO.split(":")[1], level="read")
    levels = {base["id"]: base["permissionLevel"] for base in list_bases(client)}
    assert levels[bases["edit"]] == "read"


def test_only_what_was_picked_is_shared_and_that_can_stop_and_come_back(connected):
    base = connected.find_base()
    before = len(list_bases(connected))

    connected.order("bases/unshare", base="Operations")
    listed = list_bases(connected)
    refused = connected.api(f"/meta/bases/{base}/tables")
    spared = connected.order("bases/share", base=base, grant=2)
    given = connected.order("bases/share", base=base, grant=1)

    assert len(listed) == before - 1
    assert (spared["grants"], given["grants"]) == (0, 1)
    assert get_error(refused) == (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
    assert connected.api(f"/meta/bases/{base}/tables").status == 200
    for picked, name in ((base, "Operations"), ("wspHarbourHobbies", "Inventory 📦")):
        connected.connect(resources=(picked,))
        assert [base["name"] for base in list_bases(connected)] == [name]


def test_one_table_has_every_type_of_field_and_names_repeat(connected):
    _, table = connected.find_table("Every kind of field")
    _, shipments = connected.find_table("Shipments")
    projects = [b["id"] for b in list_bases(connected) if b["name"] == "Projects"]

    types = {field["type"] for field in table["fields"]}
    names = [table["name"] for base in projects for table in connected.get_tables(base)]

    assert types == {*TYPES.split(), "holographicCell"}
    assert table["primaryFieldId"] == table["fields"][0]["id"]
    assert names.count("Archive") == 2
    assert [field["name"] for field in shipments["fields"]].count("Note") == 2


def test_views_tell_their_fields_and_a_scope_or_a_company_can_be_shut_out(connected):
    path = f"/meta/bases/{connected.find_base()}/tables"

    plain = connected.api(path).data["tables"][0]
    asked = connected.api(path, include="visibleFieldIds").data["tables"][0]
    wrong = connected.api(path, include="everything")
    connected.switch("enterprise_blocked", True)
    blocked, tables = connected.api("/meta/bases"), connected.api(path)
    connected.switch("withdrawn_scopes", ["schema.bases:read"])
    refused = connected.api("/meta/bases")

    assert "visibleFieldIds" not in plain["views"][0]
    assert len(asked["views"][0]["visibleFieldIds"]) == len(asked["fields"])
    assert (blocked.status, blocked.data) == (200, {"bases": []})
    assert (wrong.status, tables.status) == (422, 403)
    assert get_error(refused) == (403, "INVALID_PERMISSIONS")
    assert "schema.bases:read" not in connected.api("/meta/whoami").data["scopes"]
