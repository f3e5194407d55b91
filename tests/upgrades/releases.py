"""Rows that earlier releases have stored, and what the newest one reads of them."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from integrations.http.secrets import Secret
from integrations.models import (
    Collection,
    Connection,
    Credential,
    Item,
    ItemChange,
    SyncRun,
)
from integrations.oauth.tokens import TokenSet
from integrations.services.grants import credentials, tokens
from integrations.services.sync.refresh import checkpoint
from tests.support import one_of_each
from tests.support.rows import NOON

# The last migration of each of three earlier releases.
NAMES = (
    "0021_failed_revocations",
    "0031_item_links",
    "0042_connections_of_changes",
)
CHECKPOINT = {"kind": "full_refresh", "began": NOON.isoformat(), "phase": "listing"}


def store(models: Any, release: str) -> None:
    """Store as a release did: a user with a grant, a collection, items and a run."""
    owner = models.get_model("auth", "User").objects.create(
        username=release, email=f"{release}@example.com"
    )

    def make(kind: str, /, **values: Any) -> Any:
        model = models.get_model("integrations", kind)
        known = {each.name for each in model._meta.get_fields()}
        return model.objects.create(
            **{key: value for key, value in values.items() if key in known}
        )

    connection = make(
        "Connection",
        owner=owner,
        provider="hubspot",
        remote_id=f"1:{release}",
        account_name=f"Portal {release}",
        last_synced_at=NOON,
        sync_interval_minutes=45,
    )
    sealed = credentials.seal_tokens(
        TokenSet(access_token=Secret(f"access-{release}")),
        connection_id=connection.pk,
        generation=1,
        now=NOON,
    )
    make("Credential", connection=connection, **sealed)
    collection = make(
        "Collection",
        connection=connection,
        remote_id="contacts",
        name="Contacts",
        item_type="contact",
        completeness="complete",
        stored_count=1,
        checkpoint=CHECKPOINT,
    )
    item = make(
        "Item",
        connection=connection,
        collection=collection,
        owner=owner,
        provider="hubspot",
        type="contact",
        remote_id="7",
        name=f"Ada of {release[:4]}",
        sort_name="ada",
        properties={"email": f"ada{release[:4]}@example.com"},
        remote_updated_at=NOON,
        first_seen_at=NOON,
        changed_at=NOON,
        digest="",
    )
    run = make(
        "SyncRun",
        connection=connection,
        trigger="schedule",
        state="finished",
        outcome="complete",
        queued_at=NOON,
        due_at=NOON,
        started_at=NOON,
        finished_at=NOON,
        changed=1,
    )
    fields = {"firstname": ["Adah", "Ada"]}
    change = make(
        "ItemChange",
        item=item,
        connection=connection,
        run=run,
        at=NOON,
        kind="changed",
        fields=fields,
    )
    rows = (owner, connection, collection, item, run, change)
    credential = models.get_model("integrations", "Credential").objects.get(
        connection=connection
    )
    known = {type(row).__name__: row for row in (*rows, credential)}
    one_of_each.fill(models, "integrations", known)


def tables(models: Any) -> dict[str, int]:
    """Return how many rows each table has that a release knows."""
    known = models.get_app_config("integrations").get_models()
    return {each._meta.db_table: each.objects.count() for each in known}


def assert_readable(release: str) -> None:
    connection = Connection.objects.get(remote_id=f"1:{release}")
    assert connection.sync_interval_minutes == 45
    assert tokens.token_for(connection.pk).secret.reveal() == f"access-{release}"
    assert Credential.objects.get(connection=connection).version == 1
    collection = Collection.objects.get(connection=connection)
    assert checkpoint.from_json(collection.checkpoint).began == NOON
    change = ItemChange.objects.get(connection=connection)
    assert change.run == SyncRun.objects.get(connection=connection)

    client = Client()
    client.force_login(User.objects.get(username=release))
    item = Item.objects.get(connection=connection)
    for address in (
        connection.get_absolute_url(),
        item.get_absolute_url(),
        f"/collections/{collection.pk}/",
        "/items/",
        "/changes/",
    ):
        answer = client.get(address)
        assert answer.status_code == 200, address
    assert item.name in client.get("/items/").content.decode()
