"""Check how records are chosen, filtered and ordered."""

import pytest

from tests.sandbox.airtable.airtable_client import get_error

# Nothing of the seed was made or changed after this.
SINCE = "2026-11-01T00:00:00.000Z"
FORMULAS = [
    (
        'OR(IS_AFTER(LAST_MODIFIED_TIME(),DATETIME_PARSE("{0}")),'
        'IS_AFTER(CREATED_TIME(),DATETIME_PARSE("{0}")))'
    ),
    "OR(IS_AFTER(LAST_MODIFIED_TIME(), '{0}'), IS_AFTER(CREATED_TIME(), '{0}'))",
    'OR( IS_AFTER( CREATED_TIME(),"{0}" ) ,IS_AFTER(LAST_MODIFIED_TIME(),"{0}")) ',
]
MODIFIED = f'IS_AFTER(LAST_MODIFIED_TIME(),"{SINCE}")'
INVALID, NO_FORMULA = "INVALID_REQUEST_UNKNOWN", "INVALID_FILTER_BY_FORMULA"


def test_a_table_answers_to_its_name_and_fields_come_by_name_or_id(harbour, customers):
    path, table = customers

    by_name = harbour.api(f"/{path.split('/')[1]}/Customers").data

    assert by_name["records"] == harbour.api(path).data["records"]
    names = {field["name"]: field["id"] for field in table["fields"]}
    for flag, known in (("false", names.keys()), ("true", {*names.values()})):
        page = harbour.api(path, returnFieldsByFieldId=flag).data
        assert {key for r in page["records"] for key in r["fields"]} <= known


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_filter_finds_what_was_changed_or_made_after_a_moment(
    harbour, customers, formula
):
    path, table = customers
    old = harbour.read_all(path)[7]["id"]
    asked = formula.format(SINCE)
    assert harbour.api(path, filterByFormula=asked).data == {"records": []}
    new = harbour.command("records/create", table=table["id"], fields={"Name": "x"})
    harbour.command("records/edit", id=old, fields={"Name": "y"})

    found = harbour.api(path, filterByFormula=asked).data["records"]

    assert {record["id"] for record in found} == {old, new["id"]}
    # A record that was never edited has no time of modification.
    found = harbour.api(path, filterByFormula=MODIFIED).data["records"]
    assert [record["id"] for record in found] == [old]


def test_a_filter_finds_records_by_id_and_which_of_them_changed(harbour, customers):
    path, _ = customers
    first, second, *_ = [record["id"] for record in harbour.read_all(path)]
    harbour.command("records/edit", id=second, fields={"Name": "y"})
    both = (
        f'OR(RECORD_ID()="{first}",RECORD_ID()="{second}",RECORD_ID()="rec{"0" * 14}")'
    )

    def ids(formula):
        records = harbour.api(path, filterByFormula=formula).data["records"]
        return sorted(record["id"] for record in records)

    assert ids(both) == sorted([first, second])
    assert ids(f"RECORD_ID()='{first}'") == [first]
    assert ids(f"AND({both},{FORMULAS[0].format(SINCE)})") == [second]


def test_computed_cells_move_no_time_of_modification(harbour, orders):
    order = harbour.get_first(orders)["id"]
    harbour.command("records/edit", id=order, fields={"Total": 5}, quiet=True)

    assert harbour.read(orders, order)["Total"] == 5
    assert harbour.api(orders, filterByFormula=MODIFIED).data == {"records": []}


ONE = 'IS_AFTER(CREATED_TIME(),"2026-01-01"'
BAD_FORMULAS = [
    *("1", "{Name}='x'", "OR()", "OR(", f"{ONE}", f"{ONE}))", f"{ONE}),{ONE})"),
    *(f"OR({ONE}),)", f"OR({ONE})", ONE.replace("AFTER", "BEFORE") + ")"),
    'IS_AFTER(CREATED_TIME(),"yesterday")',
    *('RECORD_ID()="x"', 'OR(RECORD_ID()="rec00000000000000"', "AND()"),
    f'AND({ONE}),RECORD_ID()="rec00000000000000")',
    "IS_AFTER(CREATED_TIME(),2026)",
    'IS_AFTER(CREATED_TIME(),DATETIME_PARSE("2026-01-01")',
    "IS_AFTER(CREATED_TIME(),DATETIME_PARSE",
]
WRONG = [
    *([("filterByFormula", one), NO_FORMULA] for one in BAD_FORMULAS),
    *([("pageSize", size), INVALID] for size in ("101", "0")),
    [("pageSize", "1"), ("pageSize", "2"), INVALID],
    *([(name, "Name"), INVALID] for name in ("fields", "fields[]", "view")),
    *([(f"sort[0][{what}]", "asc"), INVALID] for what in ("field", "direction")),
    [("offset", "100"), "INVALID_OFFSET_VALUE"],
    [("cellFormat", "string"), INVALID],
    [("limit", "5"), INVALID],
]


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_a_wrong_option_is_refused(harbour, customers, case):
    *query, error = case

    assert get_error(harbour.api(customers[0], *query)) == (422, error)
