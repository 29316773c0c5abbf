"""Measures a model on the user's own code."""
