"""Show connections, and let their owner act on them."""
