"""What happened: one SQLite file of runs."""
