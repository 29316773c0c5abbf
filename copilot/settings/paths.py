"""Where state lives: the platform's user folders, never a repository."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import platformdirs

_APP = "repo-copilot"


@dataclass(frozen=True)
class StatePaths:
    """The user's folders; none of them need exist yet."""

    config: Path
    state: Path
    data: Path
    cache: Path

    @property
    def config_file(self) -> Path:
        return self.config / "config.toml"

    @property
    def prompts(self) -> Path:
        """The user's own prompt texts; each replaces the bundled one of the same name."""
        return self.config / "prompts"

    @property
    def journals(self) -> Path:
        return self.state / "journals"

    @property
    def windows_file(self) -> Path:
        return self.state / "windows.json"

    @property
    def runs_file(self) -> Path:
        return self.state / "runs.sqlite3"

    @property
    def sessions(self) -> Path:
        """Sessions, each a file of JSON lines."""
        return self.state / "sessions"

    @property
    def history_file(self) -> Path:
        """What was entered in sessions."""
        return self.state / "history.jsonl"

    @property
    def mask_key_file(self) -> Path:
        """The key that the placeholders of secrets are made with."""
        return self.state / "masks.key"

    @property
    def reports(self) -> Path:
        """Reports of our own defects."""
        return self.state / "reports"

    @property
    def replies(self) -> Path:
        """Replies whose edits could not be placed, kept for the person to look at."""
        return self.state / "replies"

    @property
    def decisions(self) -> Path:
        """What was decided in reviews that have not ended, and what they are about."""
        return self.state / "decisions"

    @property
    def reviews(self) -> Path:
        """What reviews of hooks said, by repository, and reviews on their way."""
        return self.state / "reviews"

    @property
    def models(self) -> Path:
        return self.data / "models"

    @property
    def facts_file(self) -> Path:
        """What was derived from contents; it can be made again."""
        return self.cache / "facts.sqlite3"

    @property
    def frozen(self) -> Path:
        """The bases of prompts, so that the next prompt begins with the same bytes."""
        return self.state / "frozen"

    @property
    def seen(self) -> Path:
        """What is known of files that are as they were; it can be made again."""
        return self.cache / "seen"

    @property
    def slots(self) -> Path:
        """What embedded models have read, so that it need not be read again."""
        return self.cache / "slots"

    @property
    def repositories(self) -> Path:
        """Commits of repositories elsewhere; each can be fetched again."""
        return self.cache / "repositories"


def state_paths() -> StatePaths:
    """Return this user's folders as the platform wants them (XDG on Linux)."""
    return StatePaths(
        config=Path(platformdirs.user_config_dir(_APP)),
        state=Path(platformdirs.user_state_dir(_APP)),
        data=Path(platformdirs.user_data_dir(_APP)),
        cache=Path(platformdirs.user_cache_dir(_APP)),
    )
