"""OAuth token endpoints: exchange, refresh, revoke, introspect."""
