"""Addresses of the broker and the cache, from what the operator gave."""

from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from msgspec import Struct
from redis.connection import parse_url

from config.environment.address import read_address
from config.environment.broker import is_rabbitmq
from config.environment.env import Environment
from config.environment.sentinel import is_database, is_sentinel, read_sentinels


class RedisAddresses(Struct, frozen=True, kw_only=True):
    """Addresses of the broker and the cache; both default to one server."""

    broker_url: str
    cache_url: str


def read_redis(env: Environment) -> RedisAddresses:
    """Return the addresses: explicit ones first, else from ``REDIS_URL`` or parts.

    A server whose URL names a database is used for that one only, because hosted
    servers often have no second; otherwise the broker takes 0 and the cache 1.
    """
    base = _redis_url(env, "REDIS_URL") or _from_parts(env)
    names_database = _names_database(base)
    broker = base if names_database else with_database(base, 0)
    cache = base if names_database else with_database(base, 1)
    chosen = env.text("BROKER_URL")
    return RedisAddresses(
        broker_url=chosen
        if is_rabbitmq(chosen)
        else _redis_url(env, "BROKER_URL") or broker,
        cache_url=_redis_url(env, "CACHE_URL") or cache,
    )


def with_database(url: str, number: int) -> str:
    """Return the same server's URL with another database."""
    service = f"/{read_sentinels(url).service}" if is_sentinel(url) else ""
    return urlsplit(url)._replace(path=f"{service}/{number}").geturl()


def _names_database(url: str) -> bool:
    path = urlsplit(url).path.strip("/")
    return "/" in path if is_sentinel(url) else bool(path)


def passwords(*urls: str) -> set[str]:
    """Return the passwords in these addresses, for the logs to mask."""
    found = {unquote(urlsplit(url).password or "") for url in urls}
    sentinels = [read_sentinels(url) for url in urls if is_sentinel(url)]
    return found | {each.sentinel_password or "" for each in sentinels}


def _from_parts(env: Environment) -> str:
    host = env.text("REDIS_HOST", "localhost")
    port = env.whole("REDIS_PORT", default=6379, low=1, high=65535)
    scheme = "rediss" if env.flag("REDIS_TLS", default=False) else "redis"
    password = quote(env.text("REDIS_PASSWORD"), safe="")
    login = f":{password}@" if password else ""
    url = f"{scheme}://{login}{host}:{port}"
    if any(character in host for character in "/@ ?#") or not _is_redis(url):
        env.refuse("E006", "REDIS_HOST", "is not a host name.")
        url = "redis://localhost:6379"
    return _verified(url)


def _redis_url(env: Environment, name: str) -> str:
    url = env.text(name)
    if not url:
        return ""
    if not _is_redis(url):
        env.refuse(
            "E006",
            name,
            "is not the address of a Redis server.",
            "Write redis://host:port/number, rediss:// for TLS, or "
            "redis+sentinel://host:port,host:port/service/number; "
            "a broker may be amqp:// or amqps:// as well.",
        )
        return ""
    if "ssl_cert_reqs" in url and "ssl_cert_reqs=required" not in url:
        env.refuse("E007", name, "switches the verification of certificates off.")
    return _verified(url)


def _is_redis(url: str) -> bool:
    try:
        if is_sentinel(url):
            return bool(read_sentinels(url))
        parts = read_address(url)
        parse_url(url)
        return parts.scheme in {"redis", "rediss"} and is_database(parts.path)
    except ValueError:
        return False


def _verified(url: str) -> str:
    """Return a URL that has redis-py verify the certificate."""
    parts = urlsplit(url)
    if parts.scheme != "rediss":
        return url
    query = {**dict(parse_qsl(parts.query)), "ssl_cert_reqs": "required"}
    return parts._replace(query=urlencode(query)).geturl()
