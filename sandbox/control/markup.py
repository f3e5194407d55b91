"""Hold the HTML of the control pages; every value in it is escaped when filled."""

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
