"""Plan the tables of a trading company: who ordered what, and where it went."""

from typing import Any

from sandbox.airtable.seed import words
from sandbox.airtable.seed.makers import look_up, make_name, make_note
from sandbox.airtable.seed.plans import (
    Draft,
    FieldPlan,
    TablePlan,
    attach,
    choices,
    links,
    plain,
)

MONEY = {"precision": 2, "symbol": "€"}
STATUS = ("Open", "Packed", "Shipped", "Zurück", "キャンセル")
TAGS = ("new", "fragile", "outdoor", "<b>sale</b>")
TIERS = ("Gold", "Silver", "Bronze", "نحاس")


def _make_total(draft: Draft) -> Any:
    """Work out an order's total; a division by zero and an error now and then."""
    if draft.number % 90 == 21:
        return {"error": "#ERROR!"}
    if draft.number % 90 == 23:
        return {"specialValue": "NaN"}
    return round(draft.cells["amount"] * (1 - draft.cells.get("discount", 0)), 2)


CUSTOMERS = TablePlan(
    key="customers",
    name="Customers",
    size=6_000,
    description="Everybody who ever ordered.",
    views=(("Grid view", "grid", ""), ("With e-mail", "grid", "email")),
    fields=(
        plain("name", "Name", "singleLineText", make_name),
        plain(
            "email",
            "E-mail",
            "email",
            lambda d: f"p{d.number}@c{d.number % 97}.example" if d.number % 7 else None,
        ),
        plain("phone", "Phone", "phoneNumber", lambda d: f"+1 555 {d.whole(9999999)}"),
        plain(
            "company", "Company", "singleLineText", lambda d: d.pick(words.COMPANIES)
        ),
        FieldPlan(
            key="tier",
            name="Tier",
            type="singleSelect",
            options=choices(*TIERS),
            cell=lambda d: d.pick((*TIERS, None)),
        ),
        plain("place", "Place", "singleLineText", lambda d: d.pick(words.PLACES)),
        plain("notes", "Notes", "multilineText", make_note),
        links("orders", "Orders", "orders", "customer", back=True),
        FieldPlan(
            key="count",
            name="Order count",
            type="count",
            options={"isValid": True, "recordLinkFieldId": "@orders"},
        ),
    ),
)
PRODUCTS = TablePlan(
    key="products",
    name="Products",
    size=1_500,
    fields=(
        plain("sku", "SKU", "singleLineText", lambda d: f"SKU-{d.number:05d}"),
        plain("name", "Name", "singleLineText", lambda d: d.pick(words.GOODS)),
        FieldPlan(
            key="price",
            name="Price",
            type="currency",
            options=MONEY,
            cell=lambda d: d.whole(90_000) / 100,
        ),
        FieldPlan(
            key="tags",
            name="Tags",
            type="multipleSelects",
            options=choices(*TAGS),
            cell=lambda d: d.rng.sample(TAGS, d.whole(2)),
        ),
        plain(
            "photos",
            "Photos",
            "multipleAttachments",
            lambda d: attach(d, 1 + d.number % 3) if d.number % 4 == 0 else None,
        ),
        links("orders", "Orders", "orders", "products", back=True),
    ),
)
ORDERS = TablePlan(
    key="orders",
    name="Orders",
    size=12_000,
    views=(("All orders", "grid", ""), ("Calendar", "calendar", "due")),
    fields=(
        plain("number", "Number", "autoNumber", lambda d: d.number + 1),
        links("customer", "Customer", "customers", "orders"),
        links("products", "Products", "products", "orders", most=3),
        FieldPlan(
            key="status",
            name="Status",
            type="singleSelect",
            options=choices(*STATUS),
            cell=lambda d: d.pick(STATUS),
        ),
        FieldPlan(
            key="amount",
            name="Amount",
            type="currency",
            options=MONEY,
            cell=lambda d: d.whole(900_000) / 100,
        ),
        FieldPlan(
            key="discount",
            name="Discount",
            type="percent",
            options={"precision": 0},
            cell=lambda d: d.whole(40) / 100 if d.happens(0.3) else None,
        ),
        FieldPlan(
            key="total",
            name="Total",
            type="formula",
            options={
                "isValid": True,
                "formula": "{@amount} * (1 - {@discount})",
                "referencedFieldIds": ["@amount", "@discount"],
                "result": {"type": "currency", "options": MONEY},
            },
            cell=_make_total,
        ),
        FieldPlan(
            key="tier",
            name="Tier of the customer",
            type="multipleLookupValues",
            options={
                "isValid": True,
                "recordLinkFieldId": "@customer",
                "fieldIdInLinkedTable": "@customers.tier",
                "result": {"type": "singleSelect"},
            },
            cell=look_up("customer", "tier"),
        ),
        FieldPlan(
            key="due",
            name="Due",
            type="date",
            options={"dateFormat": {"name": "european", "format": "D/M/YYYY"}},
            cell=lambda d: d.day() if d.happens(0.8) else None,
        ),
        FieldPlan(
            key="paid",
            name="Paid",
            type="checkbox",
            options={"icon": "check", "color": "greenBright"},
            cell=lambda d: d.happens(0.5),
        ),
    ),
)
SHIPMENTS = TablePlan(
    key="shipments",
    name="Shipments",
    size=4_000,
    fields=(
        plain("code", "Code", "singleLineText", lambda d: f"S{d.number:06d}"),
        plain("place", "Place", "singleLineText", lambda d: d.pick(words.PLACES)),
        FieldPlan(
            key="weight",
            name="Weight (kg)",
            type="number",
            options={"precision": 3},
            cell=lambda d: d.whole(90_000) / 1000,
        ),
        # Two fields of one name: only their ids tell them apart.
        plain("note", "Note", "singleLineText", lambda d: d.pick(words.VERBS)),
        plain("other_note", "Note", "multilineText", make_note),
    ),
)
