"""Indexes of property values that hold all that a table asks them for.

Tables are read meanwhile: the former indexes go once the new ones are there.
"""

from django.db import migrations, models

from integrations.migrations import _beside_use as beside_use

INDEXES = {
    "property_of_item": ("index", "item", "position", "number", "text"),
    "property_number": ("index", "number", "item", "text"),
    "property_text": ("index", "text", "item", "number"),
}


class Migration(migrations.Migration):
    atomic = False

    dependencies = (("integrations", "0040_collection_counts"),)
    operations = (
        *(
            beside_use.AddIndex("propertyvalue", models.Index(fields=fields, name=name))
            for name, fields in INDEXES.items()
        ),
        beside_use.RemoveIndex("propertyvalue", "property_by_number"),
        beside_use.RemoveIndex("propertyvalue", "property_by_text"),
        # Last: all before it can be done again.
        beside_use.RemoveConstraint("propertyvalue", "property_value_once"),
    )
