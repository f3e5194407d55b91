"""How Django itself writes numbers and times, by language."""
