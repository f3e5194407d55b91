"""Stores of grants beside their rows, and what a restored database means for them."""
