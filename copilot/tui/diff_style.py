"""How the diff is drawn: names of its inks, and their colours by the theme's."""

from __future__ import annotations

COMPONENTS = frozenset({
    "diff--absent", "diff--accepted", "diff--added", "diff--blank", "diff--comment",
    "diff--context", "diff--cursor", "diff--cut", "diff--definition",
    "diff--edge", "diff--file", "diff--flag", "diff--fold", "diff--hit", "diff--hunk",
    "diff--keyword", "diff--line-number", "diff--mark", "diff--minus", "diff--mixed",
    "diff--note", "diff--number", "diff--origin", "diff--plus", "diff--rejected",
    "diff--remark", "diff--removed", "diff--selected", "diff--string", "diff--undecided",
    "diff--word",
})  # fmt: skip

CSS = """
DiffView {
    overflow-x: hidden;
    overflow-y: scroll;
    scrollbar-size-vertical: 1;
    .diff--absent { background: $panel 40%; }
    .diff--accepted { color: $text-success; text-style: bold; }
    .diff--rejected { color: $text-error; text-style: bold; }
    .diff--undecided, .diff--mixed { text-style: bold; }
    .diff--added { background: $success 16%; }
    .diff--removed { background: $error 18%; }
    .diff--cursor { background: $primary 45%; }
    .diff--selected { background: $accent 30%; }
    .diff--edge { color: $accent; text-style: bold; }
    .diff--file { background: $panel; text-style: bold; }
    .diff--hunk { background: $primary 16%; color: $text-primary; }
    .diff--flag { color: $text-warning; text-style: bold; }
    .diff--fold { background: $panel 50%; color: $text-muted; text-style: italic; }
    .diff--remark { color: $text-accent; }
    .diff--note { color: $text-muted; text-style: italic; }
    .diff--plus { color: $text-success; text-style: bold; }
    .diff--minus { color: $text-error; text-style: bold; }
    .diff--origin { color: $text-accent; text-style: bold; }
    .diff--line-number, .diff--cut { color: $text-muted; }
    .diff--mark { color: $text-warning; text-style: reverse; }
    .diff--word { text-style: bold underline; }
    .diff--hit { text-style: reverse; }
    .diff--comment { color: $text-muted; text-style: italic; }
    .diff--definition { color: $text-warning; }
    .diff--keyword { color: $text-primary; text-style: bold; }
    .diff--number { color: $text-accent; }
    .diff--string { color: $text-success; }
}
DiffView:ansi, DiffView:nocolor {
    .diff--added, .diff--removed, .diff--hunk, .diff--absent, .diff--fold {
        background: transparent;
    }
    .diff--cursor { background: transparent; text-style: reverse; }
    .diff--selected { background: transparent; text-style: reverse; }
}
"""

# Of 256 colours, those nearest to the tints are one and the same grey; these are among the 256.
FEW_COLORS = """
.-few-colors DiffView:dark {
    .diff--added { background: #005f00; }
    .diff--removed { background: #5f0000; }
    .diff--cursor { background: #005f87; }
    .diff--selected { background: #5f5f00; }
}
.-few-colors DiffView:light {
    .diff--added { background: #d7ffd7; }
    .diff--removed { background: #ffd7d7; }
    .diff--cursor { background: #afd7ff; }
    .diff--selected { background: #ffffaf; }
}
"""
