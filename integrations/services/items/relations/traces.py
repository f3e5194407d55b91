"""Read what items can share out of their values: addresses, numbers and domains."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from integrations.providers.records import DisplayField
from integrations.providers.typed.fields import (
    Email,
    Link,
    Phone,
    Text,
    Value,
    singles_of,
)
from integrations.services.items.relations.phones import PhoneNumber
from integrations.services.items.search.words import fold, simplify

MOST_TRACES = 4
# Longer texts are no addresses, and so many of an item are looked at.
LONGEST, MOST_TEXTS, DEEPEST = 1000, 2000, 4
_HOST: Final = r"(?:[\w-]+\.)+[^\W\d_][\w-]+"
EMAIL: Final = re.compile(rf"[^\s@<>,;\"()]+@({_HOST})")
NAMED: Final = re.compile(r"[^<>]*<\s*(?:mailto:)?([^<>\s]+)\s*>", re.IGNORECASE)
BETWEEN: Final = re.compile(r"[;,|\n]")
HOST: Final = re.compile(r"(?:[a-z0-9-]+\.)+(?:[a-z]{2,}|xn--[a-z0-9-]+)")
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
# Of items in which a user, or a link among words, has it.
WHY_NAMED: Mapping[Kind, str] = {
    Kind.EMAIL: "Names somebody with the e-mail address",
    Kind.PHONE: "Names somebody with the phone number ending in",
    Kind.DOMAIN: WHY[Kind.DOMAIN],
}


class Trace(Struct, frozen=True, kw_only=True):
    """An address, the last digits of a number, or a domain, that items can share."""

    kind: Kind
    text: str

    @property
    def why(self) -> str:
        """Return in words why items that share it are related."""
        return f"{WHY[self.kind]} {self.text}"

    @property
    def why_named(self) -> str:
        """Return in words why items are related that only name somebody who has it."""
        return f"{WHY_NAMED[self.kind]} {self.text}"

    @classmethod
    def parse(cls, text: str) -> "Trace | None":
        """Read what a user wrote; what is none of the three is none."""
        text = text.strip()
        if address := next(_emails_in(text), ""):
            return cls(kind=Kind.EMAIL, text=address)
        if number := _phone_in(text):
            return cls(kind=Kind.PHONE, text=number)
        host = _host(text)
        return cls(kind=Kind.DOMAIN, text=host) if host else None

    def is_in(self, properties: Mapping[str, Any]) -> bool:
        """Tell whether an item's properties hold it; users among them have addresses.

        That a user of a company is among them makes nothing the company's.
        """
        if self.kind is Kind.DOMAIN:
            return self.text in _domains(list(_flat(properties)))
        return self._is_among(_deep(properties))

    def is_own(self, properties: Mapping[str, Any]) -> bool:
        """Tell whether an item's properties hold it, those of users left aside."""
        return self.kind is Kind.DOMAIN or self._is_among(_flat(properties))

    def _is_among(self, texts: Iterable[str]) -> bool:
        if self.kind is Kind.EMAIL:
            return any(self.text in _emails_in(text) for text in texts)
        return any(self.text == _phone_in(text) for text in texts)


def traces_of(
    properties: Mapping[str, Any], described: Iterable[DisplayField]
) -> list[Trace]:
    """Return what an item can share with others, few of each kind.

    Digits alone are as good as any id: only in a field for numbers are they one.
    """
    fields = list(described)
    values = [part for field in fields for part in singles_of(field.value)]
    texts = [*_flat(properties), *filter(None, map(_text_of, values))]
    addresses = {each for text in texts for each in _emails_in(text)}
    numbers = {text for text in texts if not simplify(text).strip().isdigit()}
    numbers |= {part.number for part in values if isinstance(part, Phone)}
    hosts = _company_domains(fields, addresses)
    own = {
        Kind.EMAIL: addresses,
        Kind.PHONE: set(filter(None, map(_phone_in, numbers))),
        Kind.DOMAIN: hosts,
    }
    return [
        Trace(kind=kind, text=text)
        for kind, found in own.items()
        for text in sorted(found)[:MOST_TRACES]
    ]


def _text_of(value: Value) -> str:
    if isinstance(value, Email):
        return value.address
    return _address(value)


def _address(value: Value) -> str:
    if isinstance(value, Link):
        return value.url
    return value.text if isinstance(value, Text) else ""


def _emails_in(text: str) -> Iterator[str]:
    """Yield the addresses that a text is, with names, separators or as links."""
    if "@" not in text or len(text) > LONGEST:
        return
    for part in BETWEEN.split(text):
        named = NAMED.fullmatch(part.strip())
        words = [named[1]] if named else part.split()
        found = [_email(word) for word in words]
        # Among other words it is somebody's who is spoken of.
        if all(found):
            yield from found


def read_addresses(text: str) -> frozenset[str]:
    """Return all addresses of a text, and its parts that are none as they are."""
    parts = (part.strip() for part in BETWEEN.split(text))
    return frozenset(
        each
        for part in parts
        if part
        for each in [*_emails_in(part)] or [part.casefold()]
    )


def _email(word: str) -> str:
    if word[:7].lower() == "mailto:":
        word = unquote(word[7:].partition("?")[0])
    return word.lower() if EMAIL.fullmatch(word) else ""


def _phone_in(text: str) -> str:
    """Return the last digits of a text that is a telephone number, else nothing."""
    number = PhoneNumber.parse(text)
    return number.ending if number else ""


def _domains(texts: Iterable[str]) -> set[str]:
    """Return the hosts of all addresses: of mail, of sites, and bare ones."""
    hosts: set[str] = set()
    for text in texts:
        hosts |= {_host(text), *_mail_domains(_emails_in(text))}
    return hosts - {""}


def _company_domains(
    described: Iterable[DisplayField], addresses: Iterable[str]
) -> set[str]:
    """Return the domains that stand for the item's company, not for any link in it."""
    sites = {_host(_address(field.value)) for field in described if names_site(field)}
    return (sites | _mail_domains(addresses)) - PUBLIC_MAIL - {""}


def names_site(field: DisplayField) -> bool:
    """Tell whether a field is called as one that holds the site of its item is."""
    return bool(SITE_WORDS & set(fold(field.label)))


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


def read_site(text: str) -> tuple[str, ...]:
    """Return the host of a web address and what is behind that; else nothing."""
    if not _host(text):
        return ()
    text = text.strip()
    parts = urlsplit(text if "://" in text else f"//{text}")
    host, path = parts.netloc.lower().removeprefix("www."), unquote(parts.path)
    return host, path.rstrip("/"), parts.query, parts.fragment


def _flat(properties: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts that values are, or are lists of."""
    for value in properties.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, str) and len(part) <= LONGEST:
                yield part.strip()


def _deep(properties: Mapping[str, Any]) -> Iterator[str]:
    """Yield those inside of objects as well, as users, links and styled texts are."""
    left = [MOST_TEXTS]
    for value in properties.values():
        yield from _texts_in(value, DEEPEST, left)


def _texts_in(value: Any, depth: int, left: list[int]) -> Iterator[str]:
    if isinstance(value, str):
        left[0] -= 1
        if left[0] >= 0 and len(value) <= LONGEST:
            yield value.strip()
        return
    inside = value.values() if isinstance(value, dict) else value
    if depth and isinstance(value, dict | list):
        for each in inside:
            yield from _texts_in(each, depth - 1, left)
