"""Keep the lasting settings of each provider, for all accounts or for one."""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.core.provider import CommandError, Switch
from sandbox.core.storage import Storage

Key = tuple[str, str, str]


class Switches:
    """Answer from memory and write through to the database."""

    def __init__(
        self, storage: Storage, known: Mapping[tuple[str, str], Switch]
    ) -> None:
        self._storage = storage
        self._known = known
        self._values: dict[Key, Any] = {
            (row["provider"], row["account"], row["name"]): json.loads(row["value"])
            for row in storage.all("SELECT * FROM switch")
        }

    def get(self, provider: str, name: str, account: str = "") -> Any:
        """Return the account's value, else the provider's, else the default."""
        for who in (account, ""):
            if (provider, who, name) in self._values:
                return self._values[provider, who, name]
        return self._known[provider, name].default

    def set(self, provider: str, name: str, value: Any, account: str = "") -> Any:
        switch = self._known.get((provider, name))
        if switch is None:
            raise CommandError(f"{provider} has no switch {name}")
        value = _to_type(switch, value)
        row = (provider, account, name, json.dumps(value))
        self._storage.run("REPLACE INTO switch VALUES (?, ?, ?, ?)", *row)
        self._values[provider, account, name] = value
        return value

    def reset(self) -> None:
        self._storage.run("DELETE FROM switch")
        self._values.clear()

    def to_list(self) -> list[dict[str, Any]]:
        return [
            {"provider": provider, "account": account, "name": name, "value": value}
            for (provider, account, name), value in sorted(self._values.items())
        ]


def _to_type(switch: Switch, value: Any) -> Any:
    kind = type(switch.default)
    try:
        if kind is bool:
            return str(value).lower() in ("1", "true", "on", "yes")
        if kind is list:
            return value.split() if isinstance(value, str) else [str(v) for v in value]
        return kind(value)
    except (TypeError, ValueError) as exc:
        raise CommandError(f"{switch.name} cannot be {value!r}") from exc
