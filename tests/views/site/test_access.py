"""Whose pages they are: the owner's; a 404 for others; sign-in for strangers."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils import timezone

from integrations.models import (
    BulkEdit,
    Connection,
    Download,
    Edit,
    FailedRevocation,
    Import,
    OwnColumn,
    SavedView,
)
from tests.support.rows import make_item, make_run

CONNECTION_PAGES = [
    "connection-detail",
    "connection-progress",
    "connection-disconnect",
    "connection-runs",
    "connection-attempts",
    "connection-collections",
    "connection-edits",
    "connection-bulk-edits",
]
CONNECTION_ACTIONS = [
    "connection-sync",
    "connection-pause",
    "connection-resume",
    "connection-rename",
    "connection-interval",
    "connection-disconnect",
    "connection-collections",
    "connection-editing",
    "connection-discard-edits",
]
VIEW_PAGES = ["view-open", "view-edit", "view-delete"]
VIEW_ACTIONS = ["view-save", "view-duplicate", "view-feed", "view-follow"]
TABLE_PAGES = [
    *("table", "table-choices", "table-filter"),
    *("table-live", "table-layout", "table-as-of"),
]
EDIT_PAGES = ["edit-detail", "edit-live"]
DOWNLOAD_PAGES = ["download-detail", "download-live", "download-file"]
EDIT_ACTIONS = ["edit-decide", "edit-discard", "edit-undo"]
IMPORT_PAGES = ["import-detail", "import-live", "import-mapping", "import-undo"]
IMPORT_ACTIONS = [
    "import-reopen",
    "import-confirm",
    "import-cancel",
    "import-refused",
]
BULK_PAGES = ["bulk-edit-detail", "bulk-edit-live"]
BULK_ACTIONS = ["bulk-edit-confirm", "bulk-edit-cancel", "bulk-edit-undo"]
# It asks what becomes of a pair, or leads back where there is nothing to ask.
ELSEWHERE = {"connection-other-account", "connection-remove"}
# They ask for a proof first; whose they are is tested with it, beside the reset.
ELSEWHERE |= {"sign-in-method-resume", "sign-in-method-delete"}


@pytest.fixture
def addresses(connection, collection):
    """Return every address of one object: {name: (method, path, path of nobody's)}."""
    collection.held_deletions = {"count": 30}
    collection.save()
    item, run = make_item(collection), make_run(connection)
    failed = FailedRevocation.objects.create(
        provider=connection.provider, owner=connection.owner, tries=1
    )
    edit = Edit.objects.create(
        connection=connection, collection=collection, item=item, verb="update"
    )
    download = Download.objects.create(
        owner=connection.owner, name="Items", form="csv", time_zone="UTC"
    )
    source = Import.objects.create(
        connection=connection, collection=collection, created_by=connection.owner
    )
    bulk = BulkEdit.objects.create(
        connection=connection, collection=collection, confirmed_at=timezone.now()
    )
    view = SavedView.objects.create(owner=connection.owner, name="Mine")
    own = OwnColumn.objects.create(owner=connection.owner, name="Rank", kind="number")
    objects = {
        "own-column-list": ("get", collection.pk),
        "own-column-edit": ("get", own.pk),
        "own-column-delete": ("get", own.pk),
        "item-own-values": ("get", item.uuid),
        **dict.fromkeys(CONNECTION_PAGES, ("get", connection.pk)),
        **{f"{name} ": ("post", connection.pk) for name in CONNECTION_ACTIONS},
        "collection-approve": ("post", collection.pk),
        "collection-discard": ("post", collection.pk),
        "run-detail": ("get", run.pk),
        "run-cancel": ("post", run.pk),
        "item-detail": ("get", item.uuid),
        "item-detail-live": ("get", item.uuid),
        "item-as-of": ("get", item.uuid),
        "item-table": ("get", item.uuid),
        "table-about": ("get", collection.pk),
        "item-follow": ("post", item.uuid),
        "item-next": ("get", item.uuid),
        "item-previous": ("get", item.uuid),
        "item-edit": ("get", item.uuid),
        "item-edits": ("get", item.uuid),
        "item-archive": ("get", item.uuid),
        "item-create": ("get", collection.pk),
        **dict.fromkeys(TABLE_PAGES, ("get", collection.pk)),
        "table-download": ("post", collection.pk),
        "table-rows": ("post", collection.pk),
        **dict.fromkeys(EDIT_PAGES, ("get", edit.uuid)),
        **dict.fromkeys(EDIT_ACTIONS, ("post", edit.uuid)),
        **dict.fromkeys(DOWNLOAD_PAGES, ("get", download.uuid)),
        "download-delete": ("post", download.uuid),
        "import-create": ("get", collection.pk),
        "import-list": ("get", collection.pk),
        **dict.fromkeys(IMPORT_PAGES, ("get", source.pk)),
        **dict.fromkeys(IMPORT_ACTIONS, ("post", source.pk)),
        "bulk-edit-create": ("post", collection.pk),
        **dict.fromkeys(BULK_PAGES, ("get", bulk.uuid)),
        **dict.fromkeys(BULK_ACTIONS, ("post", bulk.uuid)),
        **dict.fromkeys(VIEW_PAGES, ("get", view.pk)),
        **dict.fromkeys(VIEW_ACTIONS, ("post", view.pk)),
        "revocation-dismiss": ("post", failed.pk),
    }
    return {
        name: (method, _path(name, pk), _path(name, uuid4()))
        for name, (method, pk) in objects.items()
    }


def _path(name, pk):
    return reverse(f"integrations:{name.strip()}", args=(pk,))


def test_foreign_and_unknown_objects_are_the_same_404(as_bob, addresses, connection):
    before = Connection.objects.values().get()

    for method, foreign, unknown in addresses.values():
        answers = [getattr(as_bob, method)(path) for path in (foreign, unknown)]

        assert [answer.status_code for answer in answers] == [404, 404], foreign
        assert _plain(answers[0], foreign) == _plain(answers[1], unknown)

    assert Connection.objects.values().get() == before


def test_nobody_but_the_owner_reaches_an_object_by_any_method(
    as_bob, admin_client, addresses, connection
):
    """Staff, whose own doors are in the admin, are strangers here as well."""
    before = Connection.objects.values().get()
    asked = [
        (name, method, who.generic(method.upper(), foreign).status_code)
        for who in (as_bob, admin_client)
        for name, (_, foreign, _) in addresses.items()
        for method in ("get", "post", "head", "put", "delete")
    ]

    assert [each for each in asked if each[2] not in (404, 405)] == []
    assert Connection.objects.values().get() == before


def _plain(response, path):
    """Return a page without what is the visitor's own: path and form token."""
    text = response.content.decode().replace(path, "")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


def test_no_address_of_an_object_is_forgotten(addresses):
    resolved = get_resolver("integrations.urls").reverse_dict
    of_objects = {
        name
        for name in resolved
        if isinstance(name, str)
        for possibilities in resolved.getlist(name)
        if any("pk" in parameters for _, parameters in possibilities[0])
    }

    assert of_objects == {name.strip() for name in addresses} | ELSEWHERE


def test_strangers_are_sent_to_sign_in_first(client, addresses):
    names = ("connection-list", "item-list", "download-list")
    lists = [reverse(f"integrations:{name}") for name in names]
    connect = reverse("integrations:connect", args=("hubspot",))

    for path in [*lists, connect, *(path for _, path, _ in addresses.values())]:
        answer = client.get(path)

        assert answer.status_code == 302, path
        assert answer.headers["Location"].startswith("/accounts/login/?next="), path


def test_the_owner_sees_every_page(as_alice, addresses):
    for method, path, _ in addresses.values():
        if method == "get":
            # Where editing is off its pages lead to where it is switched on.
            assert as_alice.get(path).status_code in (200, 286, 302), path


def test_nothing_changes_on_get(as_alice, addresses):
    for method, path, _ in addresses.values():
        if method != "post" or path.endswith(("/disconnect/", "/collections/")):
            continue
        page = as_alice.get(path)
        if path.endswith(("/rows/", "/feed/")):
            # They show a page, from which its user may come back by its address.
            assert page.status_code == 302, path
        else:
            assert (page.status_code, b"<h1>" in page.content) == (405, True), path


def test_an_action_without_the_form_token_is_refused(alice, addresses):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    for method, path, _ in addresses.values():
        if method == "post":
            assert client.post(path).status_code == 403, path


def test_bobs_lists_hold_nothing_of_alices(as_bob, collection):
    make_item(collection, name="Secret plan")

    for path in ("/", "/connections/", "/items/", "/items/?q=secret"):
        page = as_bob.get(path).content.decode()

        assert "Secret plan" not in page
        assert "Acme" not in page


def test_filters_by_anothers_ids_find_nothing(as_bob, connection, collection):
    make_item(collection, name="Secret plan")

    for query in (f"connection={connection.pk}", f"collection={collection.pk}"):
        page = as_bob.get(f"/items/?{query}").content.decode()

        assert "Secret plan" not in page
        assert "Acme" not in page
        assert "Contacts" not in page


def test_reconnecting_anothers_connection_is_a_404(as_bob, connection):
    path = reverse("integrations:connect", args=("hubspot",))

    assert as_bob.get(f"{path}?connection={connection.pk}").status_code == 404
    assert as_bob.get(f"{path}?connection=1").status_code == 404


def test_an_unknown_provider_is_a_404(as_alice):
    path = reverse("integrations:connect", args=("nobody",))

    assert as_alice.get(path).status_code == 404


def test_ids_in_addresses_are_uuids_only():
    with pytest.raises(NoReverseMatch):
        reverse("integrations:item-detail", args=(1,))
