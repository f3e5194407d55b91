"""Read what a provider answered: its body, its shape, and what an error means."""
