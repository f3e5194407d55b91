"""Have what users noted in own columns indexed, so that searches find it.

Only collections that have such columns are indexed again, in the background.
"""

from typing import Any

from django.db import migrations


def mark(apps: Any, _schema_editor: Any) -> None:
    """Mark the search texts of collections with own columns as outdated."""
    columns = apps.get_model("integrations", "OwnColumn").objects
    states = apps.get_model("integrations", "SearchState").objects
    keys = ("owner", "provider", "account_id", "is_sandbox", "collection_id")
    beside = columns.order_by().values_list(*keys).distinct()
    for owner, provider, account, is_sandbox, remote_id in beside.iterator():
        states.filter(
            collection__connection__owner=owner,
            collection__connection__provider=provider,
            collection__connection__remote_id=account,
            collection__connection__is_sandbox=is_sandbox,
            collection__remote_id=remote_id,
        ).update(indexed_with="", indexing_with="")


class Migration(migrations.Migration):
    """Mark what is to be indexed again; nothing is to be undone."""

    dependencies = (("integrations", "0057_turns"),)

    operations = (migrations.RunPython(mark, migrations.RunPython.noop),)
