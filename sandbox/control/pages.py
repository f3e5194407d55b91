"""Show the control page: what there is, what is switched on, and the buttons."""

from typing import TYPE_CHECKING, Any

from sandbox.control import sections
from sandbox.core.html import Safe, fill, join, show_page
from sandbox.core.provider import Provider
from sandbox.core.web import Request, Response

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

BANNER = "Sandbox control — simulated providers, no real data."
PAGE = """
<h1>Sandbox control</h1>
<p class="note">Change the simulated accounts here and watch the product react.
The same orders exist as JSON under <code>/control/api/</code>.</p>
$message
$providers
"""
PROVIDER = """
<h2>$name: accounts</h2>
$accounts
<h2>$name: records</h2>
$records
<h2>$name: grants and tokens</h2>
$tokens
<h2>$name: faults</h2>
$faults
<h2>$name: switches</h2>
$switches
<h2>$name: requests</h2>
$stats
"""


def show_control(sandbox: "Sandbox", request: Request) -> Response:
    """Show the whole control page."""
    shown = [_show_provider(sandbox, p) for p in sandbox.providers.values()]
    message = _show_message(request.query)
    main = fill(PAGE, message=message, providers=join(shown))
    return show_page("Sandbox control", main, banner=BANNER, kind="control")


def _show_message(query: dict[str, str]) -> Safe:
    for kind in ("done", "failed"):
        if query.get(kind):
            template = '<p class="$kind" role="status">$text</p>'
            return fill(template, kind=kind, text=query[kind])
    return Safe("")


def _show_provider(sandbox: "Sandbox", provider: Provider) -> Safe:
    parts: dict[str, Any] = {
        "accounts": sections.show_accounts(sandbox, provider),
        "records": sections.show_record_forms(provider),
        "tokens": sections.show_grants(sandbox, provider),
        "faults": sections.show_faults(sandbox, provider),
        "switches": sections.show_switches(sandbox, provider),
        "stats": sections.show_stats(sandbox, provider),
    }
    return fill(PROVIDER, name=provider.name, **parts)
