"""What a refresh found deleted, and how much of it is believed."""
