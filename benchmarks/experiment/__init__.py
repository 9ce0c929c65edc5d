"""Simulated pull requests on predictions of models that were really trained: which rule says what how often."""
