"""Rules declared in the repository that judge facts to a verdict."""
