"""What a table must be, what it is, and how it changed: contracts, profiles, drift."""
