"""Findings about the annotations: what in them a listener would doubt."""
