"""The pipeline at one revision, what changed between two, and what must run."""
