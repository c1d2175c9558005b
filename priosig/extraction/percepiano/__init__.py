"""The PercePiano quality heads: 19 scores from MuQ's frames."""
