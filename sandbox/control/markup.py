"""Hold the HTML of the control page; every value in it is escaped when filled."""

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
COUNT = '<td class="number">$live$archived</td>'
ARCHIVED = "<br><small>$number archived</small>"

FORM = """
<form class="card" method="post" action="/control/do/$order">
<h3>$title</h3>
<input type="hidden" name="provider" value="$provider">
<div class="row">
<label class="field">Account<select name="account">$accounts</select></label>
$kinds
</div>
<div class="row">
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
OTHER = '<button formaction="/control/do/$order">$label</button>'

TOKENS = """
<div class="actions">
<form method="post" action="/control/do/tokens/expire">
<input type="hidden" name="provider" value="$provider">
<button>Expire all access tokens</button></form>
<form method="post" action="/control/do/grants/revoke">
<input type="hidden" name="provider" value="$provider">
<button>Revoke all grants</button></form>
</div>
<div class="scroll"><table>
<tr><th>Kind</th><th>Fingerprint</th><th>Account</th><th>User</th><th>State</th>
<th class="number">Used</th><th></th></tr>
$rows
</table></div>
<p class="note">Newest first. Tokens are never shown in clear here.</p>
"""
TOKEN = """
<tr><td>$kind</td><td><code>$fingerprint</code></td><td>$account</td><td>$user</td>
<td>$state</td><td class="number">$spends</td>
<td><form method="post" action="/control/do/tokens/expire">
<input type="hidden" name="provider" value="$provider">
<input type="hidden" name="fingerprint" value="$fingerprint"><button>Expire</button>
</form>
<form method="post" action="/control/do/grants/revoke">
<input type="hidden" name="provider" value="$provider">
<input type="hidden" name="grant" value="$grant"><button>Revoke grant $grant</button>
</form></td></tr>
"""

FAULTS = """
<div class="scroll"><table>
<tr><th>Fault</th><th>Where</th><th>Account</th><th>Left</th><th>Struck</th><th></th></tr>
$rows
</table></div>
<form class="card" method="post" action="/control/do/faults/add">
<h3>Switch a fault on</h3>
<input type="hidden" name="provider" value="$provider">
<div class="row">
<label class="field">What<select name="kind">$kinds</select></label>
<label class="field">Where<select name="family">$families</select></label>
<label class="field">Account<select name="account">$accounts</select></label>
</div>
<div class="row">
<label class="field">How often (empty: until off)
<input name="count" inputmode="numeric"></label>
<label class="field">Let this many pass first
<input name="skip" value="0" inputmode="numeric"></label>
<label class="field">Status<input name="status" placeholder="429, 500, 503"
 inputmode="numeric"></label>
<label class="field">Retry-After (s)
<input name="retry_after" inputmode="numeric"></label>
<label class="field">Wait (ms)<input name="ms" placeholder="2000"
 inputmode="numeric"></label>
</div>
<div class="actions"><button class="main">Switch on</button>
<button formaction="/control/do/faults/clear">Switch all off</button>
<button formaction="/control/do/calm">Faults and switches to normal</button></div>
</form>
"""
NO_FAULTS = '<tr><td colspan="6" class="note">Everything works.</td></tr>'
FAULT = """
<tr><td>$kind <small>$words</small></td><td>$family</td><td>$account</td>
<td>$remaining</td><td>$hits</td>
<td><form method="post" action="/control/do/faults/clear">
<input type="hidden" name="id" value="$id"><button>Off</button></form></td></tr>
"""

SWITCHES = """
<div class="scroll"><table>
<tr><th>Switch</th><th>Value for all accounts</th><th></th></tr>
$rows
</table></div>
"""
SWITCH = """
<tr><td>$label<br><small><code>$name</code></small></td>
<td><form method="post" action="/control/do/switches/set">
<input type="hidden" name="provider" value="$provider">
<input type="hidden" name="name" value="$name">
$field<button>Set</button></form></td><td>$moved</td></tr>
"""
FLAG = '<select name="value" aria-label="$label">$options</select>'
VALUE = '<input name="value" aria-label="$label" value="$value">'

STATS = """
<div class="grid">
<div class="card"><table>$facts</table></div>
<div class="card scroll"><table>$rows</table></div>
</div>
<form class="actions" method="post" action="/control/do/stats/reset">
<button>Count from zero</button></form>
"""
FACT = '<tr><td>$name</td><td class="number">$value</td></tr>'
