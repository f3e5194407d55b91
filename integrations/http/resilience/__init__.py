"""Rate limits, circuit breaker, backoff and clock skew: when a call may be sent."""
