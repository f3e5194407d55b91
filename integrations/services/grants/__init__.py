"""Turn a consent into a usable access token, keep it alive, and revoke it."""
