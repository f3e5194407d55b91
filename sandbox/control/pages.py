"""Show the control pages: an overview, and one page for each provider."""

from typing import Any

from sandbox.control.commands import SQL
from sandbox.control.queries import get_stats
from sandbox.core.html import show_page
from sandbox.core.serving.web import Request, Response, to_text
from sandbox.core.state import Provider, Sandbox

TOTALS = {
    "Requests": "requests",
    "429 given": "rate_limited_total",
    "Token requests": "token_requests",
    "Token requests refused": "token_requests_refused",
    "Refresh tokens spent twice": "double_spends",
    "Token requests overlapping": "overlapping_spends",
}


def show_overview(sandbox: Sandbox, request: Request) -> Response:
    rows = [
        (provider, _list_grants(sandbox, provider), _list_faults(sandbox, provider))
        for provider in sandbox.providers.values()
    ]
    title, query = "Sandbox control", request.query
    return show_page("control/overview.html", title, rows=rows, query=query)


def show_provider(sandbox: Sandbox, request: Request) -> Response:
    """Show one provider: what people need at once, everything else behind More."""
    provider = sandbox.providers.get(request.params["provider"])
    if provider is None:
        return to_text("There is no such provider.\n", 404)
    count = provider.queries["inventory"]
    return show_page(
        "control/provider.html",
        f"{provider.name} sandbox",
        provider=provider,
        query=request.query,
        grants=_list_grants(sandbox, provider),
        faults=_list_faults(sandbox, provider),
        inventories=[
            (account, count(sandbox, {"account": account.id})["types"])
            for account in provider.accounts
        ],
        switches=_list_switches(sandbox, provider),
        tables=_list_facts(sandbox, provider.slug),
    )


def _list_faults(sandbox: Sandbox, provider: Provider) -> list[dict[str, Any]]:
    active = sandbox.faults.to_list()
    return [fault for fault in active if fault["provider"] == provider.slug]


def _list_switches(sandbox: Sandbox, provider: Provider) -> list[dict[str, Any]]:
    values = [
        (s, sandbox.switches.get(provider.slug, s.name)) for s in provider.switches
    ]
    return [
        {
            "about": switch,
            "value": " ".join(value) if isinstance(value, list) else value,
            "is_moved": value != switch.default,
        }
        for switch, value in values
    ]


# A file of another seed may hold grants of accounts that this one has not.
UNKNOWN = {"account": "unknown", "person": "unknown"}


def _list_grants(sandbox: Sandbox, provider: Provider) -> list[dict[str, Any]]:
    names = {
        (account.id, user.id): {"account": account.name, "person": user.name}
        for account in provider.accounts
        for user in account.people
    }
    return [
        {"id": row["id"], **names.get((row["account"], row["user"]), UNKNOWN)}
        for row in sandbox.storage.all(SQL["grants"], provider.slug)
    ]


def _list_facts(sandbox: Sandbox, slug: str) -> list[list[tuple[str, int]]]:
    found = get_stats(sandbox, {"provider": slug})
    found["token_requests"] = sum(found["token_requests"].values())
    facts = [(label, found[name]) for label, name in TOTALS.items()]
    peaks = found["max_in_10_seconds"].values()
    most = ("Most requests in 10 s", max(peaks, default=0))
    return [[*facts, most], sorted(found["by_endpoint"].items())]
