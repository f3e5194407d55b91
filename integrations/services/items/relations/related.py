"""Find a user's items that name the same address, number or company."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from django.db.models import F

from integrations.models import Item
from integrations.models.items.item import ItemQuerySet
from integrations.providers.records import DisplayField
from integrations.providers.typed.fields import Link, Text, Value
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


class Kind(StrEnum):
    """What items have in common."""

    EMAIL = "email"
    PHONE = "phone"
    DOMAIN = "domain"


WHY: Mapping[Kind, str] = {
    Kind.EMAIL: "Same e-mail address,",
    Kind.PHONE: "Same phone number, ending in",
    Kind.DOMAIN: "Same company domain,",
}


@dataclass(frozen=True, kw_only=True)
class Trace:
    """An address, the last digits of a number, or a domain, that items can share."""

    kind: Kind
    text: str

    @property
    def why(self) -> str:
        """Return in words why items that share it are related."""
        return f"{WHY[self.kind]} {self.text}"

    @classmethod
    def parse(cls, text: str) -> "Trace | None":
        """Read what a user wrote; what is none of the three is none."""
        text = text.strip()
        if EMAIL.fullmatch(text):
            return cls(kind=Kind.EMAIL, text=text.lower())
        digits = re.sub("[^0-9]", "", text)
        if PHONE.fullmatch(text) and len(digits) >= PHONE_ENDING:
            return cls(kind=Kind.PHONE, text=digits[-PHONE_ENDING:])
        host = _host(text)
        return cls(kind=Kind.DOMAIN, text=host) if host else None

    def is_in(self, properties: Mapping[str, Any]) -> bool:
        """Tell whether an item's properties hold it."""
        read = {Kind.EMAIL: emails, Kind.PHONE: phones, Kind.DOMAIN: domains}
        return self.text in read[self.kind](properties)


@dataclass(frozen=True, kw_only=True)
class Related:
    """A related item, and why it is related."""

    item: Item
    why: str


def find_related(
    item: Item, traces: Sequence[Trace], *, most: int = MOST
) -> list[Related]:
    """Return live items of the same owner in other collections, addresses first.

    These are the first; all that share a trace are on the page about it.
    """
    elsewhere = _own(item.owner_id).exclude(collection_id=item.collection_id)
    found: dict[int, Related] = {}
    for trace, others, _ in _holders(elsewhere, traces, item.owner_id):
        for other in others:
            found.setdefault(other.pk, Related(item=other, why=trace.why))
    return list(found.values())[:most]


def find_all(trace: Trace, *, owner_id: int, most: int) -> tuple[list[Item], bool]:
    """Return a user's live items that hold an address, number or domain.

    Beside them stands whether there are more, or may be, behind what was looked at.
    """
    [(_, items, is_cut)] = _holders(_own(owner_id), [trace], owner_id)
    return items[:most], is_cut or len(items) > most


def _own(owner_id: int) -> ItemQuerySet:
    """Return a user's live items, to be found by their keys.

    A sum has no index: SQLite would read all of the owner's items by theirs, rather
    than the few whose keys are known.
    """
    items = Item.objects.annotate(whose=F("owner_id") + 0).defer("children")
    return items.filter(whose=owner_id, deleted_at__isnull=True)


def traces_of(item: Item, described: Iterable[DisplayField]) -> list[Trace]:
    """Return what an item can share with others."""
    addresses = emails(item.properties)
    hosts = _company_domains(described, addresses)
    own = {Kind.EMAIL: addresses, Kind.PHONE: phones(item.properties)}
    return [
        Trace(kind=kind, text=text)
        for kind, texts in {**own, Kind.DOMAIN: hosts}.items()
        for text in sorted(texts)[:MOST_TRACES]
    ]


def _holders(
    items: ItemQuerySet, traces: Sequence[Trace], owner_id: int
) -> list[tuple[Trace, list[Item], bool]]:
    """Return what holds each trace, and whether not all was looked at.

    The index finds the words of a trace, not the trace itself.
    """
    texts = [trace.text for trace in traces]
    found = full_text.find_with_texts(
        texts, items, owner_id=owner_id, most=FOUND, few=LOOKED_AT
    )
    return [
        (
            trace,
            [item for item in candidates if trace.is_in(item.properties)],
            len(candidates) >= LOOKED_AT,
        )
        for trace, candidates in zip(traces, found, strict=True)
    ]


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


def _company_domains(
    described: Iterable[DisplayField], addresses: Iterable[str]
) -> set[str]:
    """Return the domains that stand for the item's company, not for any link in it."""
    sites = {
        _host(_address(field.value))
        for field in described
        if SITE_WORDS & set(fold(field.label))
    }
    return (sites | _mail_domains(addresses)) - PUBLIC_MAIL - {""}


def _address(value: Value) -> str:
    if isinstance(value, Link):
        return value.url
    return value.text if isinstance(value, Text) else ""


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
