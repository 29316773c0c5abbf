"""When a commit message is wanted of us, and how one is put into the file that git hands a hook.

Imported by every hook, so that nothing large may be imported here.
"""

from __future__ import annotations

# git's own line below which everything is left out (git: wt-status.c, cut_line).
_SCISSORS = " ------------------------ >8 ------------------------"
_SIGN_OFF = "Signed-off-by: "


def wants_message(source: str, text: str, comment_char: str) -> bool:
    """Tell whether a message is to be proposed for the file of a `prepare-commit-msg` hook.

    `source` is git's word for where the message comes from: empty only if nobody gave one. `text`
    is what the file holds. Messages of merges and squashes, templates, what `-m`, `-F`, `-c` and
    `--amend` give, and whatever else is not empty, are left alone.
    """
    return not source and is_empty(text, comment_char)


def is_empty(text: str, comment_char: str) -> bool:
    """Tell whether git would take this for no message: comments, blank lines, sign-offs."""
    mark = comment_char or "#"
    return all(
        not line.strip() or line.startswith((mark, _SIGN_OFF))
        for line in _above_scissors(text, mark).splitlines()
    )


def is_signed_off(text: str, comment_char: str) -> bool:
    """Tell whether the message in the file is signed off already (`git commit --signoff`)."""
    above = _above_scissors(text, comment_char or "#")
    return any(line.startswith(_SIGN_OFF) for line in above.splitlines())


def with_message(text: str, message: str, comment_char: str) -> str:
    """Return the file's text with a message above what it holds.

    A line of the body that git would take for a comment is moved by one space.
    """
    mark = comment_char or "#"
    lines = [f" {line}" if line.startswith(mark) else line for line in message.splitlines()]
    between = "" if not text or text.startswith("\n") else "\n"
    return "\n".join([*lines, f"{between}{text}"])


def _above_scissors(text: str, mark: str) -> str:
    cut = f"{mark}{_SCISSORS}"
    if text.startswith(f"{cut}\n"):
        return ""
    above, found, _ = text.partition(f"\n{cut}\n")
    return f"{above}\n" if found else text
