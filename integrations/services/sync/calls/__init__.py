"""What a sync's calls cost, and what they tell of the provider's clock."""
