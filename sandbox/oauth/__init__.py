"""Give consent, issue tokens and keep grants, with a policy per provider."""
