"""Lists of items: read from the address, fetched by keyset, counted."""
