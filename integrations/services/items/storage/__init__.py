"""Store items: rows, texts, and the statements that write them."""
