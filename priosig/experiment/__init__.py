"""One corpus, end to end: settings, views, features, tests and verdicts."""
