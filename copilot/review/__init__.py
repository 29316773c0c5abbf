"""Decisions on files and hunks as pure state, and the line-mode reviewer."""
