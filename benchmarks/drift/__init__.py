"""Drift: what it costs and whether it is right, beside the tools that look for it."""
