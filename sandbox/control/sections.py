"""Draw the sections of the control page."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.control import markup
from sandbox.control.queries import get_stats
from sandbox.core import common_faults
from sandbox.core.html import Safe, each, fill, join
from sandbox.core.provider import Form, Provider
from sandbox.oauth import grants

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

SHOWN_TOKENS = 30
GRANTS = """
SELECT t.value, t.kind, t.expires_at, t.spends, t.revoked_at, t.spent_at,
    t.grant_id, g.account, g.user, g.reason
FROM oauth_token t JOIN oauth_grant g ON g.id = t.grant_id
WHERE g.provider = ? ORDER BY t.rowid DESC LIMIT ?
"""


def show_accounts(sandbox: "Sandbox", provider: Provider) -> Safe:
    """Draw the accounts with their counts."""
    rows = []
    for account in provider.accounts:
        counted = provider.inventory(sandbox, {"account": account.id})["types"]
        cells = [
            fill(markup.COUNT, live=found["live"], archived=_show_archived(found))
            for found in counted.values()
        ]
        people = ", ".join(person.name for person in account.people)
        rows.append(
            fill(
                markup.ACCOUNT,
                id=account.id,
                name=account.name,
                note=account.note,
                people=people,
                counts=join(cells),
            )
        )
    heads = each(
        '<th class="number">$name</th>', ({"name": n} for n in _kinds(provider))
    )
    return fill(markup.ACCOUNTS, heads=heads, rows=join(rows))


def _show_archived(found: dict[str, Any]) -> Safe:
    """Say how many are archived, where a provider archives anything."""
    if "archived" not in found:
        return Safe("")
    return fill(markup.ARCHIVED, number=found["archived"])


def show_record_forms(provider: Provider) -> Safe:
    """Draw the forms that change records."""
    forms = join(_show_form(provider, form) for form in provider.forms)
    return fill('<div class="grid">$forms</div>', forms=forms)


def _show_form(provider: Provider, form: Form) -> Safe:
    (order, label), *others = [(_get_path(name), label) for name, label in form.orders]
    kinds = fill(markup.KINDS, kinds=_options([(k, k) for k in _kinds(provider)]))
    return fill(
        markup.FORM,
        order=order,
        label=label,
        title=form.title,
        provider=provider.slug,
        accounts=_options([(a.id, a.name) for a in provider.accounts]),
        kinds=kinds if form.has_type else "",
        fields=each(
            markup.FIELD,
            (
                {**vars(field), "mode": "numeric" if field.is_number else "text"}
                for field in form.fields
            ),
        ),
        others=each(markup.OTHER, ({"order": o, "label": t} for o, t in others)),
    )


def _get_path(order: str) -> str:
    """Return the whole name of an order; alone it is one about records."""
    return order if "/" in order else f"records/{order}"


def show_grants(sandbox: "Sandbox", provider: Provider) -> Safe:
    """Draw the newest tokens by fingerprint, never in clear."""
    rows = sandbox.storage.all(GRANTS, provider.slug, SHOWN_TOKENS)
    now = sandbox.clock()
    shown = each(
        markup.TOKEN,
        (
            {
                "provider": provider.slug,
                "kind": row["kind"],
                "fingerprint": grants.to_fingerprint(row["value"]),
                "account": row["account"],
                "user": row["user"],
                "grant": row["grant_id"],
                "state": _get_state(dict(row), now),
                "spends": row["spends"],
            }
            for row in rows
        ),
    )
    return fill(markup.TOKENS, provider=provider.slug, rows=shown)


def _get_state(row: dict[str, Any], now: float) -> str:
    if row["revoked_at"] is not None:
        return f"ended: {row['reason']}" if row["reason"] else "ended"
    if row["spent_at"] is not None:
        return "rotated away"
    if row["expires_at"] is None:
        return "valid"
    if row["expires_at"] <= now:
        return "expired"
    end = datetime.fromtimestamp(row["expires_at"], UTC)
    return f"valid until {end:%H:%M:%S} UTC"


def show_faults(sandbox: "Sandbox", provider: Provider) -> Safe:
    """Draw the active faults and the form that adds one."""
    active = [f for f in sandbox.faults.to_list() if f["provider"] == provider.slug]
    rows = each(
        markup.FAULT,
        (
            {
                **fault,
                "account": fault["account"] or "all",
                "remaining": fault["remaining"] or "until off",
                "words": ", ".join(f"{k} {v}" for k, v in fault["params"].items()),
            }
            for fault in active
        ),
    )
    kinds = [(k.name, k.label) for k in (*common_faults.KINDS, *provider.faults)]
    accounts = [("", "All accounts"), *((a.id, a.name) for a in provider.accounts)]
    families = [("*", "Everything"), *((name, name) for name in provider.families)]
    return fill(
        markup.FAULTS,
        provider=provider.slug,
        rows=rows or Safe(markup.NO_FAULTS),
        kinds=_options(kinds),
        accounts=_options(accounts),
        families=_options(families),
    )


def show_switches(sandbox: "Sandbox", provider: Provider) -> Safe:
    """Draw every switch with its value for all accounts."""
    rows = []
    for switch in provider.switches:
        value = sandbox.switches.get(provider.slug, switch.name)
        shown = " ".join(value) if isinstance(value, list) else str(value)
        is_moved = value != switch.default
        rows.append(
            fill(
                markup.SWITCH,
                provider=provider.slug,
                name=switch.name,
                label=switch.label,
                field=_show_field(switch.name, switch.label, shown, switch.default),
                moved=Safe('<span class="moved">changed</span>') if is_moved else "",
            )
        )
    return fill(markup.SWITCHES, rows=join(rows))


def _show_field(name: str, label: str, shown: str, default: Any) -> Safe:
    if isinstance(default, bool):
        flags = _options([("true", "on"), ("false", "off")], chosen=shown.lower())
        return fill(markup.FLAG, label=label, options=flags)
    return fill(markup.VALUE, label=label, value=shown)


def show_stats(sandbox: "Sandbox", provider: Provider) -> Safe:
    """Draw the counters that matter most."""
    found = get_stats(sandbox, {})
    facts = [
        ("Requests", found["requests"]),
        ("429 given", found["rate_limited_total"]),
        ("Token requests", sum(found["token_requests"].values())),
        ("Token requests refused", found["token_requests_refused"]),
        ("Refresh tokens spent twice", found["double_spends"]),
        ("Token requests overlapping", found["overlapping_spends"]),
        ("Most requests in 10 s", max(found["max_in_10_seconds"].values(), default=0)),
    ]
    return fill(
        markup.STATS,
        facts=each(markup.FACT, ({"name": n, "value": v} for n, v in facts)),
        rows=each(
            markup.FACT,
            (
                {"name": name, "value": count}
                for name, count in sorted(found["by_endpoint"].items())
                if name.startswith(f"{provider.slug} ")
            ),
        ),
    )


def _kinds(provider: Provider) -> list[str]:
    return list(provider.kinds.values())


def _options(pairs: list[tuple[str, str]], chosen: str = "") -> Safe:
    return each(
        '<option value="$value"$selected>$label</option>',
        (
            {
                "value": value,
                "label": label,
                "selected": Safe(" selected") if value == chosen and chosen else "",
            }
            for value, label in pairs
        ),
    )
