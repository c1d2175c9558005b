"""The report of an experiment: one HTML page, its tables as CSV, a Markdown summary."""
