"""Confounds: what could tell STOP from CONTINUE without the music, and how it enters a regression."""
