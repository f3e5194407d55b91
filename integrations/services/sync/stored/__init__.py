"""Items asked for by their ids: at the provider, and of what is stored."""
