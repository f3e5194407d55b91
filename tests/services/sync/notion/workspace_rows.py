"""Compare what is stored of a Notion workspace with what it holds."""

from integrations.models import Connection, Credential, Item
from integrations.services.grants import credentials
from tests.sandbox.notion_client import DROMEDARY, INES, LANTERN, NOUR, NotionClient

TYPES = {"pages": "page", "databases": "database", "data_sources": "data_source"}
LARGE, SMALL = f"{LANTERN}:{INES}", f"{DROMEDARY}:{NOUR}"


def live(kind: str = "page") -> list[str]:
    found = Item.objects.live().filter(provider="notion", type=kind)
    return sorted(found.values_list("remote_id", flat=True))


def inventory(notion: NotionClient, kind: str, account: str) -> list[str]:
    told = notion.query("inventory", with_ids=1, account=account)["types"][kind]
    return sorted(told["id_list"])


def assert_equal_to(notion: NotionClient, account: str = DROMEDARY) -> None:
    for kind, item_type in TYPES.items():
        assert live(item_type) == inventory(notion, kind, account), kind


def item_named(name: str) -> Item:
    return Item.objects.get(provider="notion", name=name)


def tokens_of(connection: Connection) -> tuple[str, str]:
    credential = Credential.objects.get(connection=connection)
    kept = credentials.open_refresh(credential)
    assert kept is not None
    return credentials.open_access(credential).secret.reveal(), kept.reveal()
