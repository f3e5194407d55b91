"""Find a user's other items that name the same address, number or company."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db.models import F

from integrations.models import Item
from integrations.models.item import ItemQuerySet
from integrations.providers.fields import Link, Text, Value
from integrations.providers.records import DisplayField
from integrations.services.common.errors import ConnectorError
from integrations.services.items.described import describe
from integrations.services.items.search import full_text
from integrations.services.items.search.words import fold

MOST = 10
# The index finds words, not addresses: so many finds are looked at, and no more.
FOUND, LOOKED_AT = 1000, 200
MOST_TRACES = 4
EMAIL = re.compile(r"[^\s@<>,;]+@((?:[a-z0-9-]+\.)+[a-z]{2,})", re.IGNORECASE)
HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}")
# However it is written, with or without what is dialled from abroad; digits alone are
# as good as any id.
PHONE = re.compile(r"\+?[0-9 ().\-/]{9,30}", re.ASCII)
PHONE_DIGITS, PHONE_ENDING = range(9, 16), 9
SITE_WORDS = {"domain", "website", "homepage"}
# An address at one of these says nothing of a company.
PUBLIC_MAIL = frozenset(
    {
        "aol.com",
        "gmail.com",
        "gmx.de",
        "gmx.net",
        "googlemail.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mail.com",
        "me.com",
        "msn.com",
        "outlook.com",
        "proton.me",
        "protonmail.com",
        "web.de",
        "yahoo.com",
        "yandex.com",
        "yandex.ru",
    }
)


@dataclass(frozen=True, kw_only=True)
class Related:
    """A related item, and why it is related."""

    item: Item
    why: str


def find_related(item: Item) -> list[Related]:
    """Return live items of the same owner in other collections, addresses first."""
    elsewhere = (
        # A sum has no index: SQLite would read all of the owner's items by theirs,
        # rather than the few whose keys are known.
        Item.objects.annotate(whose=F("owner_id") + 0)
        .filter(whose=item.owner_id, deleted_at__isnull=True)
        .exclude(collection_id=item.collection_id)
    )
    found: dict[int, Related] = {}
    for trace, read, why in _traces(item):
        for other in _holders(elsewhere, trace, item.owner_id):
            if trace in read(other.properties):
                found.setdefault(other.pk, Related(item=other, why=f"{why} {trace}"))
            if len(found) == MOST:
                return list(found.values())
    return list(found.values())


def _traces(item: Item) -> Iterator[tuple[str, Any, str]]:
    """Yield what to look for, how to read it from another item, and how to say it."""
    addresses = emails(item.properties)
    for address in sorted(addresses)[:MOST_TRACES]:
        yield address, emails, "Same e-mail address,"
    for ending in sorted(phones(item.properties))[:MOST_TRACES]:
        yield ending, phones, "Same phone number, ending in"
    for domain in sorted(_company_domains(item, addresses))[:MOST_TRACES]:
        yield domain, domains, "Same company domain,"


def _holders(items: ItemQuerySet, trace: str, owner_id: int) -> ItemQuerySet:
    """Return some items whose indexed words include those of an address or domain."""
    keys = full_text.find_keys(trace, owner_id=owner_id, most=FOUND)
    return items.filter(pk__in=keys).select_related("connection")[:LOOKED_AT]


def emails(properties: Mapping[str, Any]) -> set[str]:
    """Return the values that are e-mail addresses."""
    return {text.lower() for text in _texts(properties) if EMAIL.fullmatch(text)}


def phones(properties: Mapping[str, Any]) -> set[str]:
    """Return the last digits of the values that are telephone numbers."""
    texts = (text for text in _texts(properties) if PHONE.fullmatch(text))
    found = (re.sub("[^0-9]", "", text) for text in texts if not text.isdigit())
    return {each[-PHONE_ENDING:] for each in found if len(each) in PHONE_DIGITS}


def domains(properties: Mapping[str, Any]) -> set[str]:
    """Return the hosts of all addresses: of mail, of sites, and bare ones."""
    hosts = {_host(text) for text in _texts(properties)}
    return (hosts | _mail_domains(emails(properties))) - {""}


def _company_domains(item: Item, addresses: Iterable[str]) -> set[str]:
    """Return the domains that stand for the item's company, not for any link in it."""
    sites = {
        _host(_address(field.value))
        for field in _described(item)
        if SITE_WORDS & set(fold(field.label))
    }
    return (sites | _mail_domains(addresses)) - PUBLIC_MAIL - {""}


def _address(value: Value) -> str:
    if isinstance(value, Link):
        return value.url
    return value.text if isinstance(value, Text) else ""


def _described(item: Item) -> Sequence[DisplayField]:
    """Return the item's values as described, none when the connector fails at it."""
    try:
        return describe(item.collection, item.properties, item=item.pk)
    except ConnectorError:
        return ()


def _mail_domains(addresses: Iterable[str]) -> set[str]:
    return {address.rpartition("@")[2] for address in addresses}


def _host(text: str) -> str:
    """Return the host of a web address, with or without its scheme; else nothing."""
    text = text.strip().lower()
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
    host = host.removeprefix("www.")
    return host if HOST.fullmatch(host) else ""


def _texts(properties: Mapping[str, Any]) -> Iterator[str]:
    for value in properties.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, str) and len(part) <= 300:
                yield part.strip()
