"""Answer requests: guard, call one service or queue one task, redirect or render."""
