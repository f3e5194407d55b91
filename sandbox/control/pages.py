"""Draw the control pages: an overview, and one page for each provider."""

from collections.abc import Iterable, Sequence

from sandbox.control import markup
from sandbox.control.queries import get_stats
from sandbox.core.faults import EVERY
from sandbox.core.html import Safe, each, fill, join, show_page
from sandbox.core.provider import Form
from sandbox.core.state import Provider, Sandbox
from sandbox.core.web import Request, Response, to_text

BANNER = "Sandbox control — simulated providers, no real data."
GRANTS = """
SELECT id, account, user FROM oauth_grant
WHERE provider = ? AND ended_at IS NULL ORDER BY id DESC
"""
TOTALS = {
    "Requests": "requests",
    "429 given": "rate_limited_total",
    "Token requests": "token_requests",
    "Token requests refused": "token_requests_refused",
    "Refresh tokens spent twice": "double_spends",
    "Token requests overlapping": "overlapping_spends",
}


def show_overview(sandbox: Sandbox, request: Request) -> Response:
    rows = []
    for slug, provider in sandbox.providers.items():
        faults = [f for f in sandbox.faults.to_list() if f["provider"] == slug]
        live = sandbox.storage.all(GRANTS, slug)
        accounts = ", ".join(account.name for account in provider.accounts)
        about = {"slug": slug, "name": provider.name, "accounts": accounts}
        rows.append({**about, "grants": len(live), "faults": len(faults)})
    message = _show_message(request)
    main = fill(markup.OVERVIEW, message=message, rows=each(markup.OVERVIEW_ROW, rows))
    return show_page("Sandbox control", main, banner=BANNER, kind="control")


def show_provider(sandbox: Sandbox, request: Request) -> Response:
    """Show one provider: what people need at once, everything else behind More."""
    provider = sandbox.providers.get(request.params["provider"])
    if provider is None:
        return to_text("There is no such provider.\n", 404)
    forms = [_show_form(provider, form) for form in provider.forms]
    main = fill(
        markup.PROVIDER,
        name=provider.name,
        provider=provider.slug,
        message=_show_message(request),
        form=join(forms[:1]),
        grants=_show_grants(sandbox, provider),
        faults=_show_faults(sandbox, provider),
        accounts=_show_accounts(sandbox, provider),
        others=join(forms[1:]),
        switches=_show_switches(sandbox, provider),
        stats=_show_stats(sandbox, provider),
    )
    return show_page(f"{provider.name} sandbox", main, banner=BANNER, kind="control")


def _show_message(request: Request) -> Safe:
    for kind in ("done", "failed"):
        if request.query.get(kind):
            template = '<p class="$kind" role="status">$text</p>'
            return fill(template, kind=kind, text=request.query[kind])
    return Safe("")


def _show_form(provider: Provider, form: Form) -> Safe:
    (command, label), *others = form.commands.items()
    kinds = [(kind, kind) for kind in provider.kinds.values()]
    fields = (
        {**vars(field), "mode": "numeric" if field.is_number else "text"}
        for field in form.fields
    )
    return fill(
        markup.FORM,
        command=command,
        label=label,
        title=form.title,
        provider=provider.slug,
        accounts=_show_account_options(provider),
        kinds=fill(markup.KINDS, kinds=_show_options(kinds)) if form.has_type else "",
        fields=each(markup.FIELD, fields),
        others=each(markup.OTHER, ({"command": c, "label": t} for c, t in others)),
    )


def _show_grants(sandbox: Sandbox, provider: Provider) -> Safe:
    names = {
        (account.id, person.id): {"account": account.name, "person": person.name}
        for account in provider.accounts
        for person in account.people
    }
    rows = (
        {
            "provider": provider.slug,
            "grant": row["id"],
            "account": row["account"],
            "person": row["user"],
            **names.get((row["account"], row["user"]), {}),
        }
        for row in sandbox.storage.all(GRANTS, provider.slug)
    )
    shown = each(markup.GRANT, rows)
    if not shown:
        return Safe('<p class="note">Nobody is connected.</p>')
    return join([shown, fill(markup.REVOKE_ALL, provider=provider.slug)])


def _show_faults(sandbox: Sandbox, provider: Provider) -> Safe:
    active = [f for f in sandbox.faults.to_list() if f["provider"] == provider.slug]
    rows = (
        {
            **fault,
            "account": fault["account"] or "all accounts",
            "family": fault["family"].replace(EVERY, "everything"),
            "left": f"{fault['remaining']} left" if fault["remaining"] else "until off",
            "words": ", ".join(f"{k} {v}" for k, v in fault["params"].items() if v),
        }
        for fault in active
    )
    kinds = [(k.name, k.label) for k in provider.faults_by_name.values()]
    families = [(EVERY, "Everything"), *((name, name) for name in provider.families)]
    return fill(
        markup.FAULTS,
        provider=provider.slug,
        rows=each(markup.FAULT, rows) or Safe('<p class="note">Everything works.</p>'),
        kinds=_show_options(kinds, chosen="status"),
        accounts=_show_account_options(provider, ("", "All accounts")),
        families=_show_options(families),
    )


def _show_accounts(sandbox: Sandbox, provider: Provider) -> Safe:
    rows = []
    for account in provider.accounts:
        found = provider.queries["inventory"](sandbox, {"account": account.id})
        cells = (
            {
                "live": count["live"],
                "more": f"{count['archived']} archived" if "archived" in count else "",
            }
            for count in found["types"].values()
        )
        people = ", ".join(person.name for person in account.people)
        about = {"id": account.id, "name": account.name, "note": account.note}
        counts = each(markup.COUNT, cells)
        rows.append(fill(markup.ACCOUNT, **about, people=people, counts=counts))
    names = ({"name": name} for name in provider.kinds.values())
    heads = each('<th class="number">$name</th>', names)
    return fill(markup.ACCOUNTS, heads=heads, rows=join(rows))


def _show_switches(sandbox: Sandbox, provider: Provider) -> Safe:
    rows = []
    for switch in provider.switches:
        value = sandbox.switches.get(provider.slug, switch.name)
        text = " ".join(value) if isinstance(value, list) else value
        field = fill(markup.VALUE, label=switch.label, value=text)
        if isinstance(switch.default, bool):
            flags = [("true", "on"), ("false", "off")]
            options = _show_options(flags, chosen=str(value).lower())
            field = fill(markup.FLAG, label=switch.label, options=options)
        moved = "changed" if value != switch.default else ""
        about = {**vars(switch), "provider": provider.slug}
        rows.append({**about, "field": field, "moved": moved})
    return each(markup.SWITCH, rows)


def _show_stats(sandbox: Sandbox, provider: Provider) -> Safe:
    found = get_stats(sandbox, {"provider": provider.slug})
    found["token_requests"] = sum(found["token_requests"].values())
    facts = {label: found[name] for label, name in TOTALS.items()}
    peaks = found["max_in_10_seconds"].values()
    facts["Most requests in 10 s"] = max(peaks, default=0)
    endpoints = sorted(found["by_endpoint"].items())
    return fill(
        markup.STATS, facts=_show_facts(facts.items()), rows=_show_facts(endpoints)
    )


def _show_facts(pairs: Iterable[tuple[str, int]]) -> Safe:
    return each(markup.FACT, ({"name": name, "value": value} for name, value in pairs))


def _show_account_options(provider: Provider, *first: tuple[str, str]) -> Safe:
    return _show_options([*first, *((a.id, a.name) for a in provider.accounts)])


def _show_options(pairs: Sequence[tuple[str, str]], chosen: str = "") -> Safe:
    def mark(value: str) -> Safe:
        return Safe(" selected" if chosen and value == chosen else "")

    return each(
        '<option value="$value"$mark>$label</option>',
        ({"value": v, "label": label, "mark": mark(v)} for v, label in pairs),
    )
