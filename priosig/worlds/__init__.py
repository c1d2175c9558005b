"""Synthetic corpora and simulated studies whose answer is known."""
