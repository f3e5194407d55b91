"""Pages of saved views, and what lists show of them."""
