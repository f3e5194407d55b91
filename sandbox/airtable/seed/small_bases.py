"""Plan the bases of the small accounts."""

from sandbox.airtable.seed.accounts import JURGEN, MO, MOEBEL, STUDIO
from sandbox.airtable.seed.every_field import EVERYTHING
from sandbox.airtable.seed.makers import make_name, make_note, make_title
from sandbox.airtable.seed.plans import BasePlan, TablePlan, plain

PIECES = TablePlan(
    key="pieces",
    name="Möbelstücke",
    size=240,
    fields=(
        plain("name", "Bezeichnung", "singleLineText", make_title),
        plain("notes", "Notiz", "multilineText", make_note),
    ),
)
BUYERS = TablePlan(
    key="buyers",
    name="Käufer",
    size=60,
    fields=(plain("name", "Name", "singleLineText", make_name),),
)
NORDLICHT_BASES = (
    BasePlan(
        name="Werkstatt",
        workspace=MOEBEL,
        levels={JURGEN.id: "create"},
        tables=(PIECES, BUYERS),
    ),
)
KESTREL_BASES = (
    BasePlan(
        name="Untitled Base",
        workspace=STUDIO,
        levels={MO.id: "read"},
        tables=(
            EVERYTHING,
            TablePlan(key="empty", name="Table 2", size=0, fields=BUYERS.fields),
        ),
    ),
)
