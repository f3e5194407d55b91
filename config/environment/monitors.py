"""Read where errors and traces are sent to: Sentry's DSN and OTLP's headers."""

from urllib.parse import urlsplit

from config.environment.env import Environment, is_loopback


def read_sentry_dsn(env: Environment) -> str:
    """Return SENTRY_DSN: an https address with a key and a project, or nothing."""
    dsn = env.text("SENTRY_DSN")
    if not dsn:
        return ""
    try:
        parts = urlsplit(dsn)
        is_whole = bool(parts.username and parts.hostname and parts.path.strip("/"))
        is_safe = parts.scheme == "https" or is_loopback(dsn)
    except ValueError:
        is_whole = is_safe = False
    if is_whole and is_safe and parts.scheme in {"http", "https"}:
        return dsn
    env.refuse(
        "E022",
        "SENTRY_DSN",
        "is not the https address of a project in Sentry.",
        "Copy it from the project's settings: https://key@host/number",
    )
    return ""


def read_headers(env: Environment, name: str) -> dict[str, str]:
    """Return headers from ``name=value,name=value``."""
    headers = {}
    for part in env.names(name):
        key, equals, value = part.partition("=")
        if not (key.strip() and equals):
            env.refuse(
                "E023", name, "is not name=value, by commas.", "See .env.example."
            )
            return {}
        headers[key.strip()] = value.strip()
    return headers
