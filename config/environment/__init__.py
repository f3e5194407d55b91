"""Read the environment: typed values, and addresses in the terms of their libraries."""
