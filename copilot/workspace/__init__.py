"""Repositories on disk, read into a snapshot. The only package that knows git."""
