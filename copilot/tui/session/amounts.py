"""Amounts as people read them."""

from __future__ import annotations


def tokens_text(tokens: int) -> str:
    """Return tokens with three digits at most: `812`, `4.2k`, `128k`, `1.25M`."""
    if tokens < 1_000:
        return str(tokens)
    if tokens < 99_950:
        return f"{tokens / 1_000:.1f}k".replace(".0k", "k")
    if tokens < 999_500:
        return f"{tokens / 1_000:.0f}k"
    return f"{tokens / 1_000_000:.2f}M".replace(".00M", "M")


def seconds_text(seconds: float) -> str:
    """Return a time: `3.2 s`, `48 s`, `2 min 5 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
