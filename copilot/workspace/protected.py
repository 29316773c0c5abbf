"""Files that run by themselves, or decide what runs: an edit to one needs a yes of its own.

The names are those that the tools' own documentation gives. What a lock file is, `kinds` knows.
"""

from __future__ import annotations

import re

from copilot.workspace.kinds import is_lock_file

_CI = "runs in CI"
_HOOK = "runs as a git hook"
_TOOLS = "runs, or lets run, when a tool opens the folder"
_OURS = "tells copilot what to do"
# Folders by their path, and files by their path or, without a slash, by their name anywhere.
_FOLDERS = {
    ".github/workflows": _CI,
    ".github/actions": _CI,
    ".gitlab": _CI,
    ".circleci": _CI,
    ".buildkite": _CI,
    ".woodpecker": _CI,
    ".teamcity": _CI,
    ".azure-pipelines": _CI,
    ".forgejo/workflows": _CI,
    ".gitea/workflows": _CI,
    ".husky": _HOOK,
    ".githooks": _HOOK,
    ".lefthook": _HOOK,
    ".vscode": _TOOLS,
    ".idea": _TOOLS,
    ".devcontainer": _TOOLS,
    ".claude": _TOOLS,
    ".cursor": _TOOLS,
}
_FILES = {
    ".gitlab-ci.yml": _CI,
    ".travis.yml": _CI,
    ".drone.yml": _CI,
    ".cirrus.yml": _CI,
    ".woodpecker.yml": _CI,
    "appveyor.yml": _CI,
    ".appveyor.yml": _CI,
    "azure-pipelines.yml": _CI,
    "bitbucket-pipelines.yml": _CI,
    "cloudbuild.yaml": _CI,
    "jenkinsfile": _CI,
    "codeowners": "decides who must agree to a change",
    ".pre-commit-config.yaml": _HOOK,
    "lefthook.yml": _HOOK,
    "lefthook.yaml": _HOOK,
    ".overcommit.yml": _HOOK,
    ".gitattributes": "decides which filters git runs",
    ".gitmodules": "decides what git fetches",
    ".envrc": _TOOLS,
    ".npmrc": _TOOLS,
    ".yarnrc.yml": _TOOLS,
    ".copilot.toml": _OURS,
    ".copilotignore": _OURS,
}
_HOOK_NAME = re.compile(
    r"(?:^|/)hooks/(?:applypatch-msg|commit-msg|fsmonitor-watchman|p4-\w+|post-\w+|pre-\w+"
    r"|prepare-commit-msg|push-to-checkout|reference-transaction|sendemail-validate|update)"
    r"(?:-\w+)*$"
)


def protection(path: str) -> str:
    """Return why an edit to the file at this path is asked for apart, or an empty string.

    `path` is relative to the repository's root. Case does not count, as on some disks it does not.
    """
    lower = path.casefold()
    if is_lock_file(lower):
        return "is a lock file, which a tool writes"
    if _HOOK_NAME.search(lower):
        return _HOOK
    name = lower.rpartition("/")[2]
    if name in _FILES:
        return _FILES[name]
    inside = (why for folder, why in _FOLDERS.items() if f"/{lower}".find(f"/{folder}/") >= 0)
    return next(inside, "")
