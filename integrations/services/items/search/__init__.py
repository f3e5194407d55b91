"""Find items by words: what is indexed, asked, matched and marked."""
