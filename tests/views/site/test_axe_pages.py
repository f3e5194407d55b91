"""Every page of the site is judged by axe, or somebody has said why it need not be."""

from collections.abc import Iterable, Iterator
from uuid import UUID

import pytest
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from tests.support.guards import axe_pages

# What the parameters of addresses may be.
GIVEN = {
    "wanted": UUID(int=0),
    "pk": UUID(int=0),
    "slug": "hubspot",
    "provider": "hubspot",
    "secret": "s",
    "uidb36": "1",
    "key": "k",
    "uuid": UUID(int=0),
}


def addresses() -> Iterator[tuple[str, str]]:
    """Yield the name of each route but the admin's, with an address of it."""
    for space in ("integrations", ""):
        resolved = get_resolver("integrations.urls" if space else None).reverse_dict
        for name in filter(lambda each: isinstance(each, str), resolved):
            view = f"{space}:{name}" if space else str(name)
            wanted = next(p for _, p in resolved.getlist(name)[0][0])
            yield view, address_of(view, wanted)


def address_of(view: str, wanted: Iterable[str]) -> str:
    given = {each: GIVEN.get(each, "1") for each in wanted}
    try:
        return reverse(view, kwargs=given)
    except NoReverseMatch:
        return reverse(view, kwargs={**given, "pk": 1})


@pytest.mark.django_db
def test_every_page_is_judged_by_axe_or_has_a_reason(as_alice: Client) -> None:
    refused = {
        view for view, path in addresses() if as_alice.get(path).status_code == 405
    }
    pages = {view for view, _ in addresses()} - refused

    told = axe_pages.JUDGED | axe_pages.UNJUDGED.keys()
    assert not pages - told, " ".join(sorted(pages - told))
    assert not told - pages, " ".join(sorted(told - pages))
    assert not axe_pages.JUDGED & axe_pages.UNJUDGED.keys()
