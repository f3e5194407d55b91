"""Do what the product does: connect, keep tokens, sync, forget."""
