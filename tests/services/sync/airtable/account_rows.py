"""Compare what is stored of an Airtable account with what it holds."""

from typing import Any

from integrations.models import Collection, Item
from tests.sandbox.airtable.airtable_client import AirtableClient


class Airtable(AirtableClient):
    """Be somebody at the simulated Airtable, in front of it and behind it."""

    account = "harbour"
    # What is shared of the account, if that is not all of it.
    shared: tuple[str, ...] = ()

    def do(self, name: str, /, **params: Any) -> dict[str, Any]:
        return self.command(name, provider="airtable", **params)

    def bases(self) -> list[dict[str, Any]]:
        told = self.query(
            "inventory", provider="airtable", account=self.account, with_ids=1
        )
        bases = list(told["bases"])
        return [b for b in bases if not self.shared or b["name"] in self.shared]

    def base(self, name: str) -> dict[str, Any]:
        return next(base for base in self.bases() if base["name"] == name)


def live(remote_id: str) -> list[str]:
    found = Item.objects.live().filter(collection__remote_id=remote_id)
    return sorted(found.values_list("remote_id", flat=True))


def table_of(airtable: Airtable, base: str, name: str) -> Collection:
    table = next(t for t in airtable.base(base)["tables"] if t["name"] == name)
    return Collection.objects.get(remote_id__endswith=f"/{table['id']}")


def assert_equal_to(airtable: Airtable) -> None:
    structure = []
    for base in airtable.bases():
        structure.append(base["id"])
        for table in base["tables"]:
            structure.append(table["id"])
            key = f"{base['id']}/{table['id']}"
            assert live(key) == sorted(table["id_list"]), table["name"]
            stored = Collection.objects.get(remote_id=key).stored_count
            assert stored == table["live"]
    assert live("structure") == sorted(structure)
