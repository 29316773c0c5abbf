"""Light, dark and high-contrast colours; what they say is said by a sign or a word too."""

from __future__ import annotations

from textual.theme import Theme

from copilot.errors import UsageError
from copilot.text import one_line

DEFAULT_THEME = "dark"

# By the names that a configuration uses. `text-muted` is a colour of its own in each: Textual's is
# worked out from the ground beneath, which a widget that draws its own lines cannot see.
THEMES = {
    "dark": Theme(
        name="copilot-dark",
        primary="#4c8fd6",
        secondary="#7a6fb0",
        accent="#e0a458",
        warning="#e0a458",
        error="#e5534b",
        success="#4fa866",
        foreground="#dfe3e8",
        background="#14171c",
        surface="#1b1f26",
        panel="#252b35",
        dark=True,
        variables={"text-muted": "#98a2ae"},
    ),
    "light": Theme(
        name="copilot-light",
        primary="#1f5fa8",
        secondary="#5a4f96",
        accent="#8a4b00",
        warning="#8a4b00",
        error="#b3261e",
        success="#1c6b33",
        foreground="#1c2026",
        background="#ffffff",
        surface="#f5f6f8",
        panel="#e3e6ec",
        dark=False,
        variables={"text-muted": "#59626d"},
    ),
    "high-contrast": Theme(
        name="copilot-high-contrast",
        primary="#5cc8ff",
        secondary="#d7a6ff",
        accent="#ffff00",
        warning="#ffff00",
        error="#ff7b7b",
        success="#5cff8a",
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#2a2a2a",
        boost="#000000",
        dark=True,
        luminosity_spread=0.2,
        text_alpha=1.0,
        variables={"text-muted": "#ffffff", "text-disabled": "#d0d0d0", "border": "#ffffff"},
    ),
}


def first_theme(name: str | None) -> str:
    """Return the name of the theme to begin with. Raises UsageError for an unknown one."""
    if name is None:
        return DEFAULT_THEME
    if name not in THEMES:
        raise UsageError(f"no theme {one_line(name)}", f"theme is one of {', '.join(THEMES)}")
    return name


def next_theme(current: str) -> str:
    """Return Textual's name of the theme that comes after the one of that name."""
    names = [theme.name for theme in THEMES.values()]
    return names[(names.index(current) + 1) % len(names)] if current in names else names[0]
