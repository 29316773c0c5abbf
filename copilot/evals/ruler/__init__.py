"""RULER's thirteen tasks in the code of a repository."""

from copilot.evals.ruler.suite import RULER

__all__ = ["RULER"]
