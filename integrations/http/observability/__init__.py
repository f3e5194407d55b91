"""What logs and traces tell of calls, without secrets and forged lines."""
