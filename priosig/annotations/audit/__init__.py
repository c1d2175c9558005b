"""The audit: checks of the annotations that need no audio."""
