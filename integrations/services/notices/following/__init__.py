"""Following: items and views that users follow, and the digests that tell of them."""
