"""Syntax trees: definitions and broken code. The only package that knows tree-sitter."""
