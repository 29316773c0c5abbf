"""A coding copilot for the terminal that reads the whole repository."""

__version__ = "0.1.0"
