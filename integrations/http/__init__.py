"""HTTP: API client, error tree, deadlines, rate limits, circuit breaker, redaction."""
