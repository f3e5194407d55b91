"""Draw the control pages: an overview, and one page for each provider."""

from collections.abc import Iterable, Sequence
from typing import Any

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
    """Show what is simulated, with a link to each provider's page."""
    rows = []
    for slug, provider in sandbox.providers.items():
        faults = [f for f in sandbox.faults.to_list() if f["provider"] == slug]
        live = sandbox.storage.all(GRANTS, slug)
        rows.append(
            {
                "slug": slug,
                "name": provider.name,
                "accounts": ", ".join(account.name for account in provider.accounts),
                "grants": len(live),
                "faults": len(faults),
            }
        )
    message = _show_message(request)
    main = fill(OVERVIEW, message=message, rows=each(OVERVIEW_ROW, rows))
    return show_page("Sandbox control", main, banner=BANNER, kind="control")


def show_provider(sandbox: Sandbox, request: Request) -> Response:
    """Show one provider: what people need at once, everything else behind More."""
    provider = sandbox.providers.get(request.params["provider"])
    if provider is None:
        return to_text("There is no such provider.\n", 404)
    forms = [_show_form(provider, form) for form in provider.forms]
    main = fill(
        PROVIDER,
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
        FORM,
        command=command,
        label=label,
        title=form.title,
        provider=provider.slug,
        accounts=_show_account_options(provider),
        kinds=fill(KINDS, kinds=_show_options(kinds)) if form.has_type else "",
        fields=each(FIELD, fields),
        others=each(OTHER, ({"command": c, "label": text} for c, text in others)),
    )


def _show_grants(sandbox: Sandbox, provider: Provider) -> Safe:
    """Draw the live grants, each with its two buttons."""
    names = {
        (account.id, person.id): {"account": account.name, "person": person.name}
        for account in provider.accounts
        for person in account.people
    }
    rows = (
        {
            "provider": provider.slug,
            "grant": row["id"],
            **names[row["account"], row["user"]],
        }
        for row in sandbox.storage.all(GRANTS, provider.slug)
    )
    shown = each(GRANT, rows)
    if not shown:
        return Safe('<p class="note">Nobody is connected.</p>')
    return join([shown, fill(REVOKE_ALL, provider=provider.slug)])


def _show_faults(sandbox: Sandbox, provider: Provider) -> Safe:
    """Draw the active faults and the form that adds one."""
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
        FAULTS,
        provider=provider.slug,
        rows=each(FAULT, rows) or Safe('<p class="note">Everything works.</p>'),
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
        rows.append(fill(ACCOUNT, **about, people=people, counts=each(COUNT, cells)))
    names = ({"name": name} for name in provider.kinds.values())
    heads = each('<th class="number">$name</th>', names)
    return fill(ACCOUNTS, heads=heads, rows=join(rows))


def _show_switches(sandbox: Sandbox, provider: Provider) -> Safe:
    """Draw every switch with its value for all accounts."""
    rows = []
    for switch in provider.switches:
        value = sandbox.switches.get(provider.slug, switch.name)
        field = fill(VALUE, label=switch.label, value=_to_text(value))
        if isinstance(switch.default, bool):
            flags = [("true", "on"), ("false", "off")]
            options = _show_options(flags, chosen=str(value).lower())
            field = fill(FLAG, label=switch.label, options=options)
        rows.append(
            {
                "provider": provider.slug,
                "name": switch.name,
                "label": switch.label,
                "field": field,
                "moved": "changed" if value != switch.default else "",
            }
        )
    return each(SWITCH, rows)


def _to_text(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)


def _show_stats(sandbox: Sandbox, provider: Provider) -> Safe:
    """Draw the provider's own counters that matter most."""
    found = get_stats(sandbox, {"provider": provider.slug})
    found["token_requests"] = sum(found["token_requests"].values())
    facts = {label: found[name] for label, name in TOTALS.items()}
    peaks = found["max_in_10_seconds"].values()
    facts["Most requests in 10 s"] = max(peaks, default=0)
    endpoints = sorted(found["by_endpoint"].items())
    return fill(STATS, facts=_show_facts(facts.items()), rows=_show_facts(endpoints))


def _show_facts(pairs: Iterable[tuple[str, int]]) -> Safe:
    return each(FACT, ({"name": name, "value": value} for name, value in pairs))


def _show_account_options(provider: Provider, *first: tuple[str, str]) -> Safe:
    return _show_options([*first, *((a.id, a.name) for a in provider.accounts)])


def _show_options(pairs: Sequence[tuple[str, str]], chosen: str = "") -> Safe:
    def mark(value: str) -> Safe:
        return Safe(" selected" if chosen and value == chosen else "")

    return each(
        '<option value="$value"$mark>$label</option>',
        ({"value": v, "label": label, "mark": mark(v)} for v, label in pairs),
    )


OVERVIEW = """
<h1>Sandbox control</h1>
<p class="note">Change the simulated accounts and watch the product react.
The same commands exist as JSON under <code>/control/api/</code>.</p>
$message
<ul class="providers">$rows</ul>
<form method="post" action="/control/do/calm">
<button>All faults and switches to normal</button></form>
"""
OVERVIEW_ROW = """
<li class="card"><h2><a href="/control/$slug">$name</a></h2>
<p>$accounts</p>
<p class="note">Connected: $grants · faults on: $faults</p></li>
"""
PROVIDER = """
<p><a href="/control/">All providers</a></p>
<h1>$name</h1>
$message
$form
<section class="card"><h2>Connected</h2>
$grants
</section>
<section class="card"><h2>Faults</h2>
$faults
</section>
<details><summary>More</summary>
<h2>Accounts</h2>
$accounts
<h2>Other changes</h2>
<div class="grid">$others</div>
<h2>Switches</h2>
<p class="note">A value holds for all accounts.</p>
$switches
<h2>Requests</h2>
$stats
</details>
"""
FORM = """
<form class="card" method="post" action="/control/do/$command">
<h2>$title</h2>
<input type="hidden" name="provider" value="$provider">
<div class="row">
<label class="field">Account<select name="account">$accounts</select></label>
$kinds
$fields
</div>
<div class="actions">
<button class="main">$label</button>
$others
</div>
</form>
"""
KINDS = '<label class="field">Type<select name="type">$kinds</select></label>'
FIELD = """
<label class="field">$label
<input name="$name" value="$value" placeholder="$hint" inputmode="$mode"></label>
"""
OTHER = '<button formaction="/control/do/$command">$label</button>'
REVOKE_ALL = """
<form class="actions" method="post" action="/control/do/tokens/expire">
<input type="hidden" name="provider" value="$provider">
<button>Expire all access tokens</button>
<button formaction="/control/do/grants/revoke">Revoke all grants</button></form>
"""
GRANT = """
<form class="line" method="post" action="/control/do/tokens/expire">
<input type="hidden" name="provider" value="$provider">
<input type="hidden" name="grant" value="$grant">
<span><strong>$person</strong> <small>$account · grant $grant</small></span>
<button>Expire access token</button>
<button formaction="/control/do/grants/revoke">Revoke</button>
</form>
"""
FAULTS = """
$rows
<form method="post" action="/control/do/faults/add">
<input type="hidden" name="provider" value="$provider">
<div class="row">
<label class="field">What<select name="kind">$kinds</select></label>
<label class="field">Where<select name="family">$families</select></label>
<label class="field">How often (empty: until off)
<input name="count" inputmode="numeric"></label>
</div>
<details><summary>Details</summary><div class="row">
<label class="field">Account<select name="account">$accounts</select></label>
<label class="field">Let this many pass first
<input name="skip" value="0" inputmode="numeric"></label>
<label class="field">Status<input name="status" placeholder="429, 500, 503"
 inputmode="numeric"></label>
<label class="field">Retry-After (s)
<input name="retry_after" inputmode="numeric"></label>
<label class="field">Wait (ms)<input name="ms" placeholder="2000"
 inputmode="numeric"></label>
</div></details>
<input type="hidden" name="only" value="$provider">
<div class="actions"><button class="main">Switch on</button>
<button formaction="/control/do/faults/clear">Switch all off</button></div>
</form>
"""
FAULT = """
<form class="line" method="post" action="/control/do/faults/clear">
<input type="hidden" name="provider" value="$provider">
<input type="hidden" name="id" value="$id">
<span><strong>$kind</strong> <small>$words · $family · $account · $left,
struck $hits times</small></span>
<button>Switch off</button></form>
"""
ACCOUNTS = """
<div class="scroll"><table>
<tr><th>Account</th><th>People</th>$heads</tr>
$rows
</table></div>
"""
ACCOUNT = """
<tr><td><strong>$name</strong> <code>$id</code><br><small>$note</small></td>
<td>$people</td>$counts</tr>
"""
COUNT = '<td class="number">$live<br><small>$more</small></td>'
SWITCH = """
<form class="line" method="post" action="/control/do/switches/set">
<input type="hidden" name="provider" value="$provider">
<input type="hidden" name="name" value="$name">
<span>$label <small><code>$name</code></small> <b class="moved">$moved</b></span>
$field<button>Set</button></form>
"""
FLAG = '<select name="value" aria-label="$label">$options</select>'
VALUE = '<input name="value" aria-label="$label" value="$value">'
STATS = """
<div class="grid">
<div class="card"><table>$facts</table></div>
<div class="card scroll"><table>$rows</table></div>
</div>
"""
FACT = '<tr><td>$name</td><td class="number">$value</td></tr>'
