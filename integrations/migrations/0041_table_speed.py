"""Indexes of property values that hold all that a table asks them for."""

from django.db import migrations, models

INDEXES = {
    "property_of_item": ("index", "item", "position", "number", "text"),
    "property_number": ("index", "number", "item", "text"),
    "property_text": ("index", "text", "item", "number"),
}


class Migration(migrations.Migration):
    dependencies = (("integrations", "0040_collection_counts"),)
    operations = (
        migrations.RemoveIndex("propertyvalue", "property_by_number"),
        migrations.RemoveIndex("propertyvalue", "property_by_text"),
        migrations.RemoveConstraint("propertyvalue", "property_value_once"),
        *(
            migrations.AddIndex("propertyvalue", models.Index(fields=fields, name=name))
            for name, fields in INDEXES.items()
        ),
    )
