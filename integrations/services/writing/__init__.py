"""Write back: what users change here, on its way to the provider."""
