"""Odd values in any field of any address: an answer, never an error of ours."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from integrations.models import Collection, Connection
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_item, make_run
from tests.support.sessions import prove

ROOT = Path(__file__).resolve().parents[3]
ODD = ["nonsense", "\x00"]
FORM = "application/x-www-form-urlencoded"
# Names that pages send or views read, wherever they stand.
NAME = re.compile(
    r"""(?:\bname="|(?:POST|GET)(?:\.get|\.getlist)?[(\[]"|\bread\(")([\w-]+)""" + '"'
)
# What ends the account of who asks, and the admin, whose look-ups have their own walk.
LEFT_OUT = ("/accounts/delete/", "/admin/")


def names() -> set[str]:
    """Return the name of every field, of our pages and of the libraries'."""
    import allauth

    files = [
        *(ROOT / "templates").rglob("*.html"),
        *(ROOT / "integrations").rglob("*.py"),
    ]
    found = {name for path in files for name in NAME.findall(path.read_text("utf-8"))}
    fields = re.compile(r"^    (\w+) = (?:forms\.|\w*Field\()", re.MULTILINE)
    forms = [ROOT / "integrations/forms.py"]
    forms += Path(allauth.__file__).parent.rglob("forms.py")
    return found | {n for path in forms for n in fields.findall(path.read_text())}


def patterns(
    resolver: URLResolver, prefix: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    for each in resolver.url_patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from patterns(each, path)
        else:
            yield path, each


def filled(route: str, known: dict[str, str]) -> Iterator[str]:
    """Return the addresses of a route: of what there is, and of what is odd."""
    plain = re.sub(r"[\^$]|\\Z", "", route).replace("\\.", ".")
    parts = re.compile(r"<(?:(\w+):)?(\w+)>|\(\?P<(\w+)>[^)]*\)")

    def existing(match: re.Match[str]) -> str:
        return known.get(match[2] or match[3], "1")

    yield "/" + parts.sub(existing, plain)
    if parts.search(plain):
        yield "/" + parts.sub("nonsense", plain)
        yield "/" + parts.sub(str(uuid4()), plain)


@pytest.fixture
@kept
def addresses(connection: Connection, collection: Collection) -> dict[str, bool]:
    """Return every address outside the admin, and whether it is of what alice has."""
    item, run = make_item(collection), make_run(connection)
    own = {"collections": collection.pk, "runs": run.pk, "items": item.uuid}
    found: dict[str, bool] = {}
    for route, _ in patterns(get_resolver()):
        pk = own.get(route.partition("/")[0], connection.pk)
        known = {"pk": str(pk), "slug": "hubspot", "provider": "hubspot"}
        known["wanted"] = str(connection.pk)
        plain, *odd = filled(route, known)
        found |= dict.fromkeys(odd, False) | {plain: True}
    return {p: found[p] for p in sorted(found) if not p.startswith(LEFT_OUT)}


@pytest.mark.usefixtures("without_logs")
@pytest.mark.parametrize("odd", ODD)
def test_no_odd_value_anywhere_is_an_error_of_ours(
    alice: User, addresses: dict[str, bool], odd: str
) -> None:
    client = Client(raise_request_exception=False)
    # Hundreds of names: to write them anew for every address takes longest.
    form = urlencode(dict.fromkeys(sorted(names()), odd))

    def ask(method: str, path: str) -> int:
        if "_auth_user_id" not in client.session:
            client.force_login(alice)
            prove(client)
        if method == "GET":
            return client.get(f"{path}?{form}").status_code
        return client.post(path, form, content_type=FORM).status_code

    # What is not there is asked with the odder of the two.
    paths = [path for path in addresses if addresses[path] or odd == ODD[-1]]
    asked = ((method, path) for path in paths for method in ("GET", "POST"))
    assert [each for each in asked if ask(*each) >= 500] == []
