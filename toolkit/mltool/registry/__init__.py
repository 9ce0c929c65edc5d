"""Versions and stages of models, as Git tags in GTO's grammar."""
