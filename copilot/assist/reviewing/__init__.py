"""Reviewing a change: what is sent, what is believed of the answer, and how it is told."""
