"""`copilot message`: a commit message for what is staged, in the style of the history."""

from __future__ import annotations

import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from copilot.assist.message import is_empty, is_signed_off, wants_message, with_message
from copilot.assist.message_changes import read_staged
from copilot.assist.message_check import Message
from copilot.assist.message_prompt import Subject
from copilot.assist.message_style import Customs, customs_of
from copilot.assist.models import choose_model
from copilot.backends.pull import local_path
from copilot.cli.keep import write_file, write_manifest
from copilot.cli.message_ask import Proposed, propose
from copilot.cli.options import (
    BaseUrl,
    Budget,
    ConfigPath,
    Exclude,
    Include,
    Json,
    KeyVariable,
    ManifestFile,
    Model,
    ModeOption,
    NoMask,
    Style,
    Whom,
    new_app,
    where,
)
from copilot.cli.ready import Ready, ready_model
from copilot.cli.setup import Setup, set_up
from copilot.cli.show import put, put_json, say_usage
from copilot.cli.talk import progress_bar, say, say_always, voice
from copilot.errors import ExitCode, UsageError
from copilot.settings.modes import Mode
from copilot.workspace.changes_of import Changes, Diff, What, read_diff
from copilot.workspace.commit import commit_staged
from copilot.workspace.git import GitFailed, toplevel
from copilot.workspace.messages import (
    Writing,
    branch,
    committer,
    editor,
    read_messages,
    without_comments,
    writing,
)
from copilot.workspace.model import Root

# As many messages as tell the customs of those who write now.
_MOST_MESSAGES = 200
_HINT = "Lines that begin with {mark} are left out; an empty message ends it."

app = new_app()


@dataclass(frozen=True)
class HookFile:
    """The file that git hands a `prepare-commit-msg` hook; `data` is what it holds."""

    path: Path
    data: bytes
    text: str
    writing: Writing


@app.command(name="message")
def message_command(
    root: Annotated[
        str | None,
        typer.Option("--root", "-R", metavar="PATH", help="The repository; default: this one."),
    ] = None,
    include: Include = None,
    exclude: Exclude = None,
    no_mask: NoMask = False,
    model: Model = None,
    base_url: BaseUrl = None,
    api_key_env: KeyVariable = None,
    budget: Budget = None,
    mode: ModeOption = Mode.AUTO,
    style: Style = None,
    config: ConfigPath = None,
    edit: Annotated[
        bool, typer.Option("--edit", "-e", help="Open the message in git's editor first.")
    ] = False,
    commit: Annotated[
        bool, typer.Option("--commit", help="Commit what is staged with the message.")
    ] = False,
    for_hook: Annotated[
        Path | None,
        typer.Option(
            "--for-hook",
            metavar="FILE",
            help="Write the message into the file of a prepare-commit-msg hook, if nobody gave "
            "one; whatever fails, the file stays as it is.",
        ),
    ] = None,
    source: Annotated[
        str,
        typer.Option(
            "--source",
            envvar="PRE_COMMIT_COMMIT_MSG_SOURCE",
            show_envvar=False,
            help="With --for-hook: git's word for where the message comes from.",
        ),
    ] = "",
    manifest: ManifestFile = None,
    as_json: Json = False,
) -> None:
    """Write a commit message for what is staged, in the style of the history."""
    if for_hook and (edit or commit or as_json):
        raise UsageError("--for-hook writes the file alone", "leave out the other options")
    if for_hook:
        voice.quiet = voice.quiet or not voice.verbose
    read = (budget, config, None, None, no_mask, mode)
    about = where([root] if root else None, include, exclude, *read, style=style)
    # A hook must not touch the work tree, not even to finish what was interrupted there.
    setup = set_up(about, recovers=for_hook is None)
    (one,) = setup.roots
    if root and one.is_git and toplevel(one.path) != one.path:
        raise UsageError(f"{one.path} is a part of a repository", "name all of it after --root")
    whom = Whom(model, base_url, api_key_env)
    if for_hook:
        _fill_in(for_hook, source, setup, one, whom)
        return
    diff = _staged(one)
    with ready_model(setup, whom) as ready:
        proposed = _proposed(setup, ready, one, diff, writing(one).comment_mark)
    if manifest:
        asked = proposed.question
        write_manifest(manifest, asked.packed, asked.limit, ready.facts.model, setup.masker)
    say_usage(proposed.answer)
    text = _edited(proposed.message.text, writing(one)) if edit else proposed.message.text
    revision = _committed(one, text) if commit else None
    _put(proposed, text, revision, ready, as_json=as_json)
    if commit and revision is None:
        raise typer.Exit(ExitCode.FINDINGS)


def _committed(root: Root, text: str) -> str | None:
    """Commit what is staged; return the revision, None if git or a hook refused, which is said."""
    try:
        return commit_staged(root.path, text)
    except GitFailed as failure:
        say_always(failure.complaint.rstrip("\n"))
        say_always("git did not commit; the message is on stdout")
        return None


def _staged(root: Root) -> Diff:
    diff = read_diff(root, Changes(What.STAGED))
    if not diff.files:
        raise UsageError("nothing is staged", "git add what belongs to the commit")
    if any(file.status == "unmerged" for file in diff.files):
        raise UsageError("there are conflicts", "solve them, then git add the files")
    return diff


def _proposed(setup: Setup, ready: Ready, root: Root, diff: Diff, mark: str) -> Proposed:
    customs = customs_of(read_messages(root, _MOST_MESSAGES))
    scope = setup.scope(ready.chosen.settings.tokenizer)
    with progress_bar("reading what is staged") as bar, closing(scope.cache):
        staged = read_staged(scope, root, diff, bar)
    subject = Subject(root, staged, customs, branch(root))
    proposed = propose(setup, ready, subject, mark)
    return replace(proposed, message=_signed(proposed.message, customs, root))


def _signed(message: Message, customs: Customs, root: Root) -> Message:
    """Return the message with the committer's own sign-off, where that is the custom."""
    who = committer(root) if customs.signs_off else ""
    return message.signed(who) if who else message


def _fill_in(path: Path, source: str, setup: Setup, root: Root, whom: Whom) -> None:
    """Write a message into a hook's file, if one is wanted. Raises CopilotError."""
    file = _hook_file(path, writing(root))
    mark = file.writing.comment_mark
    if (
        not wants_message(source, file.text, mark)
        or not read_diff(root, Changes(What.STAGED)).files
    ):
        return
    diff = _staged(root)
    _check_here(setup, whom)
    with ready_model(setup, whom) as ready:
        message = _proposed(setup, ready, root, diff, mark).message
    if is_signed_off(file.text, mark):
        message = replace(message, trailers=_unsigned(message.trailers))
    _write(file, with_message(file.text, message.text, mark))


def _check_here(setup: Setup, whom: Whom) -> None:
    """Raise UsageError where a model would be fetched first: no commit waits for that."""
    chosen = choose_model(setup.config, whom.model, whom.base_url, whom.key_variable)
    for one in (chosen, *chosen.members):
        if one.embedded and local_path(one.embedded, setup.models_dir) is None:
            raise UsageError("no model to ask", "copilot models add, or copilot models pull")


def _unsigned(trailers: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in trailers if not one.startswith("Signed-off-by: "))


def _hook_file(path: Path, how: Writing) -> HookFile:
    try:
        data = path.read_bytes()
        return HookFile(path, data, data.decode(how.encoding), how)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}", "write the message yourself") from error


def _write(file: HookFile, text: str) -> None:
    """Put the text into the file, unless somebody changed it meanwhile. Raises UsageError."""
    try:
        data = text.encode(file.writing.encoding)
        is_as_read = file.path.read_bytes() == file.data
    except (OSError, UnicodeEncodeError) as error:
        raise UsageError(
            f"cannot write {file.path}: {error}", "write the message yourself"
        ) from error
    if not is_as_read:
        raise UsageError(f"{file.path} changed meanwhile", "write the message yourself")
    write_file(file.path, data)


def _edited(text: str, how: Writing) -> str:
    """Return the message as the person leaves it. Raises UsageError if that is nothing."""
    mark = how.comment_mark
    command = editor()
    with tempfile.TemporaryDirectory(prefix="copilot-") as folder:
        # Editors know by this name that it is a commit message.
        path = Path(folder) / "COMMIT_EDITMSG"
        path.write_text(with_message(f"\n{mark} {_HINT.format(mark=mark)}\n", text, mark))
        # As git starts it: by the shell, with the file as an argument.
        shell = ["sh", "-c", f'{command} "$@"', command, str(path)]
        if subprocess.run(shell, check=False).returncode:
            raise UsageError("the editor failed, nothing was done", "git var GIT_EDITOR shows it")
        left = path.read_text(errors="surrogateescape")
    if is_empty(left, mark):
        raise UsageError("the message is empty, nothing was done", "leave a line in it")
    return without_comments(left, mark)


def _put(
    proposed: Proposed, text: str, revision: str | None, ready: Ready, *, as_json: bool
) -> None:
    if revision:
        say(f"committed {revision[:12]}")
    if not as_json:
        put(text)
        return
    subject, _, body = text.partition("\n")
    usage = proposed.answer.usage
    put_json(
        {
            "message": text,
            "subject": subject,
            "body": body.strip("\n"),
            "edited": text != proposed.message.text,
            "commit": revision,
            "model": ready.facts.model,
            "prompt_sha256": proposed.question.packed.prompt.sha256,
            "prompt_tokens": usage.prompt if usage else None,
            "reply_tokens": usage.reply if usage else None,
            "cached_tokens": usage.cached if usage else None,
        }
    )
