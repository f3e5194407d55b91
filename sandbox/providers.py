"""List the simulated providers; a new one is a folder and a line here."""

from sandbox import airtable, hubspot, notion
from sandbox.core.state import Provider

PROVIDERS: tuple[Provider, ...] = (
    hubspot.PROVIDER,
    airtable.PROVIDER,
    notion.PROVIDER,
)
