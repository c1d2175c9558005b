"""What the claims run on: options, the cases of a session, snapshots, progress, reports."""
