"""Show what belongs to no connection: home, health, theme, the account's end."""
