"""What staff do to rows of others, the same from the admin and from the console."""
