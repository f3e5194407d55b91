"""Name the providers that the sandbox simulates, once it has said so itself."""

import http.client
import json
from collections.abc import Callable
from urllib.parse import urlsplit

from config.run.plan import Plan

TRIES = 400


def fetch_providers(url: str) -> bytes:
    """Return what a sandbox answers when it is asked what it simulates."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=1)
    try:
        connection.request("GET", "/control/api/providers")
        return connection.getresponse().read()
    finally:
        connection.close()


class Simulated:
    """Ask the sandbox until it answers, and then never again."""

    def __init__(
        self, plan: Plan, fetch: Callable[[str], bytes] = fetch_providers
    ) -> None:
        self._sandboxed = plan.sandboxed
        self._url = plan.environment.get("SANDBOX", "")
        self._fetch = fetch
        self._tries = TRIES if plan.sandboxed else 0

    @property
    def is_known(self) -> bool:
        """Return whether there is nothing to ask, or nothing more."""
        return not self._tries

    def tell(self) -> str:
        """Return what there is to say, or nothing while there is nothing."""
        if not self._tries:
            return ""
        self._tries -= 1
        try:
            slugs = json.loads(self._fetch(self._url))["providers"]
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            return "" if self._tries else "The sandbox does not answer."
        self._tries = 0
        return self._describe(slugs)

    def _describe(self, slugs: list[str]) -> str:
        known = [name for slug, name in self._sandboxed.items() if slug in slugs]
        others = [name for slug, name in self._sandboxed.items() if slug not in slugs]
        lines = {
            "Simulated, for want of credentials in .env": known,
            "Without credentials in .env, and not simulated": others,
        }
        return "\n".join(f"{k}: {', '.join(v)}" for k, v in lines.items() if v)
