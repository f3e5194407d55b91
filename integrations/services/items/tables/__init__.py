"""Tables: the items of one collection by their own properties."""
