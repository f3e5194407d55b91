"""The relations of a whole simulated workspace, as stored."""

import json
import sqlite3

from integrations.models import Item, ItemLink


def told(path, stored):
    """Return every relation of the stored rows, by its column."""
    links = set()
    with sqlite3.connect(path) as database:
        schemas = {
            key: json.loads(body).get("schema", ())
            for key, body in database.execute(
                "SELECT id, body FROM notion_object WHERE kind = 'data_source'"
            )
        }
        for remote_id, container, body in database.execute(
            "SELECT id, container, body FROM notion_object WHERE kind = 'page'"
        ):
            values = json.loads(body).get("values", {})
            for column in schemas.get(container, ()):
                if column["type"] != "relation" or remote_id not in stored:
                    continue
                for linked in values.get(column["id"]) or ():
                    links.add((remote_id, column["id"], linked))
    return links


def test_all_relations_of_a_workspace_are_stored(synced_large, tmp_path):
    stored = set(Item.objects.live().values_list("remote_id", flat=True))

    expected = told(tmp_path / "sandbox.sqlite3", stored)

    assert len(expected) > 20
    rows = ItemLink.objects.values_list(
        "item__remote_id", "relation", "target_remote_id"
    )
    assert set(rows) == expected
