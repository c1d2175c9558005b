"""A segment becomes a row of features. Nothing here sees a label."""
