"""Give operators the console side of the product."""
