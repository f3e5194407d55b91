"""Find what cannot work in the registry of providers, before anybody connects."""

import keyword
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from integrations.providers.connector import BaseConnector
from integrations.providers.spec import ProviderSpec

# The slug is a folder, a prefix of environment names and a part of addresses.
SLUG = re.compile(r"[a-z][a-z0-9]{0,39}")


def find_problems(connectors: Sequence[BaseConnector]) -> Iterator[str]:
    """Yield one sentence for each thing that is wrong in the registry."""
    counts = Counter(connector.spec.slug for connector in connectors)
    for slug, count in counts.items():
        if count > 1:
            yield f"{count} providers have the slug {slug!r}."
    for connector in connectors:
        slug = connector.spec.slug
        for problem in _find_problems_of(connector.spec):
            yield f"Provider {slug!r}: {problem}"
        if not getattr(connector, "item_types", None):
            yield f"Provider {slug!r}: item_types is empty."
        if not connector.collections and not _finds_collections(connector):
            yield f"Provider {slug!r}: it has no collections and finds none."


def is_slug(text: str) -> bool:
    """Tell whether a text can be the slug of a provider."""
    return bool(SLUG.fullmatch(text)) and not keyword.iskeyword(text)


def _finds_collections(connector: BaseConnector) -> bool:
    return type(connector).list_collections is not BaseConnector.list_collections


def _find_problems_of(spec: ProviderSpec) -> Iterator[str]:
    if not is_slug(spec.slug):
        yield "the slug is not made of lower case letters and digits."
    if spec.callback_path != f"/integrations/{spec.slug}/oauth2callback":
        yield f"callback_path is {spec.callback_path!r}, an address nobody serves."
    for name in ("authorize_url", "token_url", "api_url"):
        if not _is_plain_https(getattr(spec, name)):
            yield f"{name} is not a plain https address."
    yield from _find_scope_problems(spec)
    if spec.version_env and not spec.version_env.startswith(spec.env_prefix):
        yield f"version_env does not begin with {spec.env_prefix}."
    if spec.version_env and not spec.default_version:
        yield "version_env has no default_version."


def _find_scope_problems(spec: ProviderSpec) -> Iterator[str]:
    names = [scope.name for scope in spec.scopes]
    if len(set(names)) != len(names):
        yield "a scope is listed twice."
    if any(scope.writes and not scope.is_optional for scope in spec.scopes):
        yield "a scope that writes is not optional."
    if spec.optional_scopes(with_writing=True) and not spec.optional_scope_param:
        yield "optional scopes are never asked for without optional_scope_param."


def _is_plain_https(url: str) -> bool:
    """Tell whether an address is https, names a host and carries nothing else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    extra = parts.query or parts.fragment or parts.username or parts.password
    return parts.scheme == "https" and bool(parts.hostname) and not extra
