"""Pages on which items are created, changed and archived at their provider."""
