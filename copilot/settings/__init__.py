"""Configuration, its origins, and where state lives."""
