"""Indexes of property values that hold a value's position as well.

Without it a planner may read another index, which has it, up to a page's place. The
table is read meanwhile: the former indexes go once the new ones are there.
"""

from django.db import migrations, models

from integrations.migrations import _beside_use as beside_use

INDEXES = {
    "property_by_number": ("index", "number", "item", "position", "text"),
    "property_by_text": ("index", "text", "item", "position", "number"),
}


class Migration(migrations.Migration):
    atomic = False

    dependencies = (("integrations", "0053_audit_subject_index"),)
    operations = (
        *(
            beside_use.AddIndex("propertyvalue", models.Index(fields=fields, name=name))
            for name, fields in INDEXES.items()
        ),
        beside_use.RemoveIndex("propertyvalue", "property_number"),
        beside_use.RemoveIndex("propertyvalue", "property_text"),
    )
