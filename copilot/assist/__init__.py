"""The use cases: each one function over the stations."""
