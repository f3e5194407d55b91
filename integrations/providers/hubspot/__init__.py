"""HubSpot: contacts, companies and deals of one portal."""
