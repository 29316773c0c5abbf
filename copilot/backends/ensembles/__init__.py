"""Backends made of backends: several models asked at once, and one answer of theirs."""
