"""MuQ: loading it strictly, and its frames."""
