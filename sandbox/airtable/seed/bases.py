"""Plan the bases of the large account."""

from sandbox.airtable.seed.accounts import ANA, BO, CLEO, HOBBIES, TRADING
from sandbox.airtable.seed.every_field import EVERYTHING
from sandbox.airtable.seed.operations import CUSTOMERS, ORDERS, PRODUCTS, SHIPMENTS
from sandbox.airtable.seed.plans import BasePlan
from sandbox.airtable.seed.projects import (
    ARTICLES,
    AUTHORS,
    MEETINGS,
    PEOPLE,
    TASKS,
    make_simple,
)

BASES = (
    BasePlan(
        name="Operations",
        workspace=TRADING,
        levels={ANA.id: "create", BO.id: "edit"},
        tables=(CUSTOMERS, PRODUCTS, ORDERS, SHIPMENTS, EVERYTHING),
    ),
    BasePlan(
        name="Projects",
        workspace=TRADING,
        levels={ANA.id: "create", BO.id: "read"},
        tables=(PEOPLE, TASKS, MEETINGS, make_simple("projects", "Projects 🚢", 400)),
    ),
    BasePlan(
        name="محتوى · Content",
        workspace=TRADING,
        levels={ANA.id: "edit", CLEO.id: "comment"},
        tables=(AUTHORS, ARTICLES, make_simple("channels", "Channels", 12)),
    ),
    # A second base of the same name, with two tables of one name in it.
    BasePlan(
        name="Projects",
        workspace=TRADING,
        levels={ANA.id: "comment", BO.id: "none"},
        tables=(
            make_simple("one", "Archive", 100),
            make_simple("two", "Archive", 80),
            make_simple("none", "Nothing yet", 0),
        ),
    ),
    BasePlan(
        name="Inventory 📦",
        workspace=HOBBIES,
        levels={ANA.id: "read"},
        tables=(
            make_simple("items", "Items", 500),
            make_simple("places", "Locations", 40),
        ),
    ),
)
