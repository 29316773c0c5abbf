"""The command line: one file per command; owns stdout, stderr and exit codes."""
