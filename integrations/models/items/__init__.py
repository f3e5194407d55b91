"""Items, and what users keep of and beside them."""
