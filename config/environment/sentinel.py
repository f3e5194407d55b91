"""Addresses of a Redis behind Sentinel, which names whoever is the primary now.

    redis+sentinel://:password@sentinel-a:26379,sentinel-b:26379/service/0

With ``rediss+sentinel`` the sentinels and the servers are asked by TLS.
"""

import re
import ssl
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from msgspec import Struct, field
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.environment.address import read_address

PLAIN: Final = "redis+sentinel"
TLS: Final = "rediss+sentinel"
PORT: Final = 26379
# redis-py would otherwise ask a sentinel that is away ten times, with growing pauses.
ONCE: Final = {"retry": Retry(NoBackoff(), 0)}
SERVICE: Final = re.compile(r"[a-z0-9._-]+")


class Sentinels(Struct, frozen=True, kw_only=True):
    """Sentinels, and how the service that they watch is entered."""

    hosts: tuple[tuple[str, int], ...]
    service: str
    number: int
    username: str | None = None
    password: str | None = None
    sentinel_password: str | None = None
    tls: dict[str, Any] = field(default_factory=dict)

    def celery_url(self) -> str:
        """Return the address as Celery's transport wants it: once per sentinel."""
        words = quote(self.username or "", safe=""), quote(self.password or "", safe="")
        login = f"{':'.join(words)}@" if any(words) else ""
        return ";".join(
            f"sentinel://{login}{_bracketed(host)}:{port}/{self.number}"
            for host, port in self.hosts
        )

    def sentinel_options(self, timeouts: dict[str, float]) -> dict[str, Any]:
        """Return how the sentinels themselves are asked, in redis-py's terms."""
        password = {"password": self.sentinel_password}
        return {
            **timeouts,
            **ONCE,
            **self.pool_options(),
            **(password if self.sentinel_password else {}),
        }

    def pool_options(self) -> dict[str, Any]:
        """Return what redis-py needs to use TLS, where it is used."""
        return {"ssl": True, **self.tls} if self.tls else {}


def is_sentinel(url: str) -> bool:
    """Tell whether an address names sentinels."""
    return url.startswith((f"{PLAIN}:", f"{TLS}:"))


def is_database(path: str) -> bool:
    """Tell whether what stands behind the host is the number of a database, or empty.

    Celery refuses any other when it publishes.
    """
    return re.fullmatch(r"/?[0-9]{0,5}/?", path, re.ASCII) is not None


def read_sentinels(url: str) -> Sentinels:
    """Return what an address says; raise ValueError where it makes no sense."""
    parts = urlsplit(url)
    login, _, hosts = parts.netloc.rpartition("@")
    username, _, password = login.partition(":")
    service, _, number = parts.path.strip("/").partition("/")
    options = dict(parse_qsl(parts.query))
    # django-redis takes it for a host name.
    is_named = SERVICE.fullmatch(service) and is_database(number)
    if not is_named or parts.fragment:
        raise ValueError("the path is no /service or /service/0 in small letters")
    return Sentinels(
        hosts=tuple(_host(each) for each in hosts.split(",")),
        service=service,
        number=int(number or 0),
        username=unquote(username) or None,
        password=unquote(password) or None,
        sentinel_password=options.get("sentinel_password"),
        tls=tls_options(options) if parts.scheme == TLS else {},
    )


def tls_options(options: dict[str, str]) -> dict[str, Any]:
    """Return redis-py's options of TLS: certificates are always verified.

    ``options`` are those of an address, of which ``ssl_ca_certs`` names a file.
    """
    kept = {name: options[name] for name in ("ssl_ca_certs",) if name in options}
    return {"ssl_cert_reqs": ssl.CERT_REQUIRED, **kept}


def _host(text: str) -> tuple[str, int]:
    parts = read_address(f"//{text}")
    return str(parts.hostname), parts.port or PORT


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else quote(host)
