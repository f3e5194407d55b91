"""Have numbers indexed with all their digits, so that what a page shows is found.

No version is raised for it: two releases that run side by side would index by turns.
"""

from typing import Any

from django.db import migrations

FAMILIES = ("number", "text")


def mark(apps: Any, _schema_editor: Any) -> None:
    """Mark indexes of numbers and all search texts as outdated, and usable meanwhile."""
    indexes = apps.get_model("integrations", "PropertyIndex").objects
    built = indexes.filter(family__in=FAMILIES).exclude(state="dropping")
    built.filter(state="ready").update(state="rebuilding")
    built.update(position=0, done=0)
    states = apps.get_model("integrations", "SearchState").objects
    states.update(indexed_with="", indexing_with="")


class Migration(migrations.Migration):
    """Mark what is to be indexed again; nothing is to be undone."""

    dependencies = (("integrations", "0064_spot_checks_and_texts_of_runs"),)

    operations = (migrations.RunPython(mark, migrations.RunPython.noop),)
