"""Textual screens and widgets; owns nothing but pixels."""
