"""Pages of notices: what a user is told, what they follow, and how it ends."""
