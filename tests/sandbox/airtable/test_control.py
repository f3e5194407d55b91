"""Check what commands change behind the back of the simulated Airtable."""


def test_a_deleted_record_leaves_the_links_to_it(harbour, customers, orders):
    order = harbour.read_all(orders)[0]
    customer = order["fields"]["Customer"][0]

    harbour.command("records/delete", id=customer)

    assert harbour.read(customers[0], customer) == {}
    assert "Customer" not in harbour.read(orders, order["id"])


def test_an_edit_clears_cells_and_says_who_changed_the_record(harbour, customers):
    path, _ = customers
    every, _ = harbour.find_table("Every kind of field")
    phoned = next(r for r in harbour.read_all(path) if "Phone" in r["fields"])["id"]
    record = harbour.get_first(every)["id"]

    harbour.command("records/edit", id=phoned, fields={"Phone": None})
    harbour.command("records/edit", id=record, fields={"Name": "x"})

    fields = harbour.read(every, record)
    assert "Phone" not in harbour.read(path, phoned)
    assert fields["Changed by"]["name"] == "Ana Marín"
    assert fields["Changed"].startswith("2026-11-18T")


def test_names_change_and_ids_stay(harbour, customers):
    path, table = customers
    harbour.command("bases/rename", base=path.split("/")[1], name="Ops")
    harbour.command("tables/rename", table="Customers", name="Buyers")
    harbour.command("fields/rename", table=table["id"], field="Name", name="Full name")

    first, *others = table["fields"]
    renamed = {"name": "Buyers", "fields": [{**first, "name": "Full name"}, *others]}
    found = harbour.find_table("Buyers", "Ops")
    assert found == (path, {**table, **renamed})


def test_fields_come_go_and_change_their_type(harbour, customers):
    path, table = customers
    record = harbour.get_first(path)["id"]
    harbour.command("records/edit", id=record, fields={"Company": "12.5"})
    where, email = {"table": "Customers"}, table["fields"][1]["id"]
    added = harbour.command("fields/add", **where, name="Notes", to="futureType")
    harbour.command("fields/remove", **where, field=email)
    harbour.command("fields/retype", **where, field="Company", to="number")

    _, changed = harbour.find_table("Customers")
    records = harbour.read_all(path)

    ids = [field["id"] for field in table["fields"] if field["id"] != email]
    assert [field["id"] for field in changed["fields"]] == [*ids, added["field"]]
    assert not [r for r in records if "E-mail" in r["fields"]]
    values = {r["id"]: r["fields"].get("Company") for r in records}
    assert values.pop(record) == 12.5
    assert set(values.values()) == {None}


def test_tables_come_and_go(harbour, customers):
    path, table = customers
    base = path.split("/")[1]
    added = harbour.command("tables/add", base=base, name="Fresh")
    harbour.command("tables/remove", table=table["id"])

    names = {t["name"] for t in harbour.get_tables(base)}

    assert names & {"Fresh", "Customers"} == {"Fresh"}
    assert harbour.api(f"/{base}/{added['table']}").data == {"records": []}
    assert harbour.api(path).status == 403
