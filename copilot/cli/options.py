"""Options that several commands share, each declared once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from copilot.settings.config import MOST_EXAMPLES
from copilot.settings.modes import Mode

Roots = Annotated[
    list[str] | None,
    typer.Option(
        "--root",
        "-R",
        metavar="[ALIAS=]PATH",
        help="A repository or folder to read and change; may be given several times. "
        "Default: the work tree around this folder.",
    ),
]
Repo = Annotated[
    list[str] | None,
    typer.Option(
        "--repo",
        metavar="[ALIAS=]REPO",
        help="A repository elsewhere, only to read: owner/name@ref on GitHub, short:path@ref by "
        "your remotes, or an https or ssh URL and @ref; may be given several times.",
    ),
]
Submodules = Annotated[
    bool | None,
    typer.Option(
        "--submodules",
        help="Read submodules that are checked out too, each as a repository of its own that is "
        "never changed.",
    ),
]
NoMask = Annotated[
    bool,
    typer.Option(
        "--no-mask",
        help="Leave secrets in what is read; your own configuration must allow it (may_unmask).",
    ),
]
Include = Annotated[
    list[str] | None,
    typer.Option("--include", metavar="GLOB", help="Read only what matches; as in .gitignore."),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="GLOB", help="Leave out what matches; as in .gitignore."),
]
Model = Annotated[
    str | None,
    typer.Option("--model", "-m", metavar="NAME", help="A model of `copilot models list`."),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        metavar="URL",
        help="Ask this OpenAI-compatible server instead, such as http://127.0.0.1:8080/v1; "
        "--model is then the name that the server knows.",
    ),
]
KeyVariable = Annotated[
    str | None,
    typer.Option(
        "--api-key-env", metavar="VARIABLE", help="The environment variable with its key."
    ),
]
Budget = Annotated[
    str | None,
    typer.Option(
        "--budget",
        metavar="N",
        help="At most so many tokens: 200000, 200k, 1M; auto: the model's window less its reply, "
        "or what it was measured to read well, if that is less.",
    ),
]
ModeOption = Annotated[
    Mode,
    typer.Option(
        "--mode",
        help="What the model sees. whole: all files, shortened where the budget asks for it. "
        "select: the model first names the files that matter, then works with those. rank: those "
        "that our own ranking finds for the task. auto: whole where the budget allows, else rank.",
    ),
]
Focus = Annotated[
    list[str] | None,
    typer.Option(
        "--focus",
        metavar="PATH",
        help="A file or folder that the task is about; may be given several times.",
    ),
]
Fresh = Annotated[
    bool,
    typer.Option(
        "--fresh", help="Lay the files out anew, although a cache then holds nothing of them."
    ),
]
Examples = Annotated[
    int | None,
    typer.Option(
        "--examples",
        metavar="N",
        min=0,
        max=MOST_EXAMPLES,
        help="Show the model up to N earlier small commits as examples of how changes are made "
        "here; they take at most a tenth of the budget.",
    ),
]
Style = Annotated[
    list[str] | None,
    typer.Option(
        "--style",
        metavar="PATH",
        help="A text, or a folder of texts, to write prose in the style of: documentation, "
        "comments, messages; may be given several times.",
    ),
]
ConfigPath = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Your configuration, instead of config.toml."),
]


class Allowed(StrEnum):
    """Changes that --yes alone does not accept."""

    PROTECTED = "protected"
    UNSEEN = "unseen"


class Constrained(StrEnum):
    """Whether a grammar holds the model to edits that have a place; `auto`: where it can."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


ConstrainedOption = Annotated[
    Constrained,
    typer.Option(
        "--constrained",
        help="Hold the model by a grammar to edits that have a place, in two requests: first the "
        "files to change, then blocks of their own lines. auto: where the server follows grammars.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Accept every change.")]
Accept = Annotated[
    list[str] | None,
    typer.Option(
        "--accept",
        metavar="PATH[:N]",
        help="Accept only this file, folder or pattern, or only its N-th hunk as --json numbers "
        "them, and reject the rest. Repeatable.",
    ),
]
Plain = Annotated[
    bool, typer.Option("--plain", help="Review line by line, without the full screen.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show the changes; write nothing.")]
PatchFile = Annotated[
    Path | None,
    typer.Option("--patch", metavar="FILE", help="Write a git patch instead of the files."),
]
Check = Annotated[
    str | None,
    typer.Option(
        "--check",
        metavar="CMD",
        help="Write only if CMD succeeds on a copy of the result; overrides `check` of your "
        "configuration.",
    ),
]
NoCheck = Annotated[
    bool, typer.Option("--no-check", help="Run no command, although your configuration names one.")
]
Allow = Annotated[
    list[Allowed] | None,
    typer.Option(
        "--allow",
        help="With --yes, accept these too: changes to CI files, hooks and lock files "
        "(protected), to files that the model did not see in full (unseen). Repeatable.",
    ),
]
ManifestFile = Annotated[
    Path | None,
    typer.Option("--manifest", metavar="FILE", help="Write what the model saw, as JSON."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def new_app(purpose: str | None = None) -> typer.Typer:
    """Return an app for one command, or for a group of commands if a purpose is given."""
    return typer.Typer(
        help=purpose,
        no_args_is_help=purpose is not None,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


@dataclass(frozen=True)
class Where:
    """What to read: the values of --root, --repo, --submodules, --include, --exclude, --budget,
    --config, --no-mask, --mode, --focus, --fresh, --examples, --style.

    `examples` is None where the configuration says how many, and 0 for what shows none.
    """

    roots: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    budget: str | None = None
    config: Path | None = None
    repos: tuple[str, ...] = ()
    submodules: bool | None = None
    no_mask: bool = False
    mode: Mode = Mode.AUTO
    focus: tuple[str, ...] = ()
    fresh: bool = False
    examples: int | None = 0
    style: tuple[str, ...] = ()


@dataclass(frozen=True)
class Whom:
    """Whom to ask: the values of --model, --base-url and --api-key-env."""

    model: str | None = None
    base_url: str | None = None
    key_variable: str | None = None


def where(
    roots: list[str] | None = None,
    include: list[str] | None = None,
    exclude: list[str] | None = None,
    budget: str | None = None,
    config: Path | None = None,
    repos: list[str] | None = None,
    submodules: bool | None = None,
    no_mask: bool = False,
    mode: Mode = Mode.AUTO,
    focus: list[str] | None = None,
    fresh: bool = False,
    examples: int | None = 0,
    style: list[str] | None = None,
) -> Where:
    """Gather the options of one command."""
    return Where(
        tuple(roots or ()),
        tuple(include or ()),
        tuple(exclude or ()),
        budget,
        config,
        tuple(repos or ()),
        submodules,
        no_mask,
        mode,
        tuple(focus or ()),
        fresh,
        examples,
        tuple(style or ()),
    )
