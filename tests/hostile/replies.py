"""Takes generated replies through `propose`, and watches what that does to the disk.

    echo '{"roots": {"main": "/x"}, "first": 0, "count": 1000}' | python replies.py

Each number makes one reply, always the same. Standard output tells, as JSON, how often a reply was
placed or refused, and what must not be: `opened` (a file that no reply may open, or a way of
opening that could follow a link), `misled` (changes that would not land below their root), `unfit`
(messages that no terminal may get). Of a crash, the reply's number and a traceback are on standard
error.
"""

from __future__ import annotations

import json
import os
import random
import re
import sys
import sysconfig
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from copilot.assist.propose import Ground, Proposal, propose
from copilot.errors import EditsRefused
from copilot.workspace.model import Root

_PATHS = (
    *("main/src/app.py", "main/README.md", "main/Makefile", "main/windows.txt", "lib/a.txt"),
    *("main/latin.txt", "main/new.txt", "main/src/new/deep/file.py", "src/app.py", "a.txt"),
)
_HOSTILE_PATHS = (
    *("../outside/private.txt", "main/../../outside/private.txt", "main/linked/private.txt"),
    *(
        "main/link.txt",
        "main/up/outside/private.txt",
        "main/src/up/../../x",
        "main/absolute/passwd",
    ),
    *("main/linked", "main/linked/new.txt", "main/dangling", "main/loop", "main/loop/x"),
    *("main/inner.txt", "main/zero", "main/pipe", "main/sub/x", "main/folder", "main/folder/"),
    *("/etc/passwd", "//server/share/x", "\\\\server\\share\\x", "C:\\Windows\\x", "C:x", "c:/x"),
    *("main/.git/config", "main/.git/hooks/pre-commit", "main/.GIT/x", "main/.git./x", "main/.git"),
    *("main/.git /x", "main/GIT~1/x", "main/.g\u200cit/x", "main/.git::$INDEX_ALLOCATION/x"),
    *("main/src/.git/x", "main/\uff0egit/x", "main/\u2024\u2024/x", "main/\uff0e\uff0e/x"),
    *("main/a\x00b", "main/\u202etxt.a", "main/a\x1b[2J", "main/a\rb", "main/a\tb", "main/\ud800"),
    *("main/" + "a" * 300, "main/" + "d/" * 600 + "x", "main/" + "ü" * 5000, "x" * 70_000),
    *("main/CON", "main/aux.txt", "main/nul", "main/COM1.log", "main/x:stream", "main/trailing. "),
    *("main/src/app.py/x", "main/src/APP.py", "MAIN/src/app.py", "main", "lib", "", " ", ".", ".."),
    *(
        "~/.ssh/id_rsa",
        "$HOME/x",
        "file:///etc/passwd",
        "main/%2e%2e/x",
        "-rf",
        "main/*",
        "main//x",
    ),
    *("/dev/null", "dev/null", "/proc/self/mem", "a/main/src/app.py", "b/main/src/app.py"),
)
_COMPONENTS = (
    *("main", "lib", "src", "..", ".", ".git", "linked", "up", "app.py", "a.txt", "", "~", "pipe"),
    *(
        "CON",
        "\x00",
        "\u202e",
        "é",
        "e\u0301",
        ".Git",
        "git~1",
        " ",
        "a b",
        "x" * 256,
        "\\",
        "loop",
    ),
)
_LINES = (
    *("import os", "", "def main():", '    print("hello")', "    return 0", "# Tool", "all:"),
    *("\tcc -o tool tool.c", "first", "second", "third", "caf\u00e9", "a", "    a", "  ", "}"),
    *("=======", "<<<<<<< SEARCH", ">>>>>>> REPLACE", ">>>>>>> END", "<<<<<<< CREATE", "-------"),
    *("<<<<<<< DELETE", "<<<<<<< RENAME", "<<<<<<< OVERWRITE", "<<<<<<< HEAD", "<<<<<<<< SEARCH"),
    *("```", "````", "~~~", "```diff", "```python", "@@", "@@ -1,2 +1,2 @@", "@@ def main():"),
    *("--- a/main/src/app.py", "+++ b/main/src/app.py", "--- /dev/null", "+++ /dev/null", "EOF"),
    *("diff --git a/main/README.md b/main/README.md", "rename from main/README.md", "index 1..2"),
    *(
        "rename to ../x",
        "new file mode 120000",
        "old mode 100644",
        "new mode 100777",
        "+",
        "-",
        " ",
    ),
    *("*** Begin Patch", "*** End Patch", "*** Update File: main/src/app.py", "*** End of File"),
    *(
        "*** Add File: ../x",
        "*** Delete File: main/linked",
        "*** Move to: /etc/x",
        "GIT binary patch",
    ),
    *(
        "<think>",
        "</think>",
        "<thinking>",
        "END OF EDITS: 1 file, 1 block",
        "# ... existing code ...",
    ),
    *("END OF EDITS: 999999999 files, 999999999 blocks", "\\ No newline at end of file", "\ufeff"),
    *("@@ -99999999999999999999,1 +1,99999999999999999999 @@", "a\rb", "\x00", "\ud800", "\u2028"),
    *("similarity index 100%", "Binary files a/x and b/x differ", "copy from a", "… 3 lines"),
)
_OPENERS = ("<think>", "```", "<<<<<<< SEARCH", "*** Begin Patch", "@@ x", "--- a", "> ", "{", "((")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_FORBIDDEN = frozenset(
    {
        *("os.chmod", "os.chown", "os.exec", "os.fork", "os.link", "os.mkdir", "os.posix_spawn"),
        *("os.remove", "os.rename", "os.rmdir", "os.symlink", "os.system", "os.truncate"),
        *("os.utime", "shutil.rmtree", "socket.bind", "socket.connect", "subprocess.Popen"),
    }
)


def reply_of(number: int) -> str:
    """Return one reply; the same number gives the same one."""
    chance = random.Random(number)  # noqa: S311
    parts = [chance.choice(_FORMS)(chance) for _ in range(chance.choice((1, 1, 1, 2, 3)))]
    if chance.random() < 0.8:
        count = len(parts) if chance.random() < 0.9 else chance.randrange(12)
        parts.append(f"END OF EDITS: {count} files, {count} blocks\n")
    text = "\n".join(parts)
    for _ in range(chance.choice((0, 0, 0, 0, 1, 2))):
        text = chance.choice(_MUTATIONS)(chance, text)
    return text


def _path(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.5:
        return chance.choice(_PATHS)
    if kind < 0.9:
        return chance.choice(_HOSTILE_PATHS)
    return "/".join(chance.choices(_COMPONENTS, k=chance.randint(1, 6)))


def _text(chance: random.Random, prefix: str = "") -> str:
    lines = chance.choices(
        _LINES[: chance.choice((18, 18, 18, len(_LINES)))], k=chance.randrange(5)
    )
    if chance.random() < 0.002:
        lines.append(chance.choice(_LINES) * chance.choice((1000, 20_000)))
    return "".join(f"{prefix}{line}\n" for line in lines)


def _search(chance: random.Random) -> str:
    """Return what is often in a file, as it stands there or nearly."""
    real = (
        "import os\n",
        '    print("hello")\n',
        "# Tool\n",
        "all:\n",
        "first\n",
        "first\nsecond\n",
    )
    return chance.choice(real) if chance.random() < 0.6 else _text(chance)


def _own(chance: random.Random) -> str:
    verb = chance.choice(("SEARCH", "SEARCH", "CREATE", "OVERWRITE", "DELETE", "RENAME"))
    size = chance.choice((7, 7, 7, 7, 5, 8, 20, 200))
    opening, divider, closing = "<" * size, "=" * size, ">" * size
    head = f"{_path(chance)}\n{opening} {verb}\n"
    if verb == "SEARCH":
        return f"{head}{_search(chance)}{divider}\n{_text(chance)}{closing} REPLACE\n"
    inside = {"DELETE": "", "RENAME": f"{_path(chance)}\n"}.get(verb)
    return f"{head}{_text(chance) if inside is None else inside}{closing} END\n"


def _aider(chance: random.Random) -> str:
    fence = chance.choice(("```", "````", "~~~"))
    body = f"<<<<<<< SEARCH\n{_search(chance)}=======\n{_text(chance)}>>>>>>> REPLACE\n"
    path = f"{_path(chance)}\n"
    if chance.random() < 0.5:
        return f"{path}{fence}python\n{body}{fence}\n"
    return f"{fence}python\n{path}{body}{fence}\n"


def _whole(chance: random.Random) -> str:
    fence = "`" * chance.choice((3, 3, 4, 50))
    return f"{_path(chance)}\n{fence}\n{_text(chance)}{fence}\n"


def _hunk(chance: random.Random) -> str:
    old = "".join(f"-{line}\n" for line in _search(chance).splitlines())
    header = chance.choice(("@@ @@", "@@ @@", "@@", "@@ -1 +1 @@", "@@ -1,3 +1,3 @@"))
    context = _text(chance, " ") if chance.random() < 0.2 else ""
    return f"{header}\n{context}{old}{_text(chance, '+')}"


def _diff(chance: random.Random) -> str:
    path = _path(chance)
    heads = {
        f"--- a/{path}\n+++ b/{path}\n{_hunk(chance)}": 5,
        f"--- {path}\n+++ {path}\n{_hunk(chance)}": 2,
        f"--- /dev/null\n+++ b/{path}\n@@ @@\n{_text(chance, '+')}": 2,
        f"--- a/{path}\n+++ /dev/null\n@@ @@\n{_text(chance, '-')}": 1,
        f"--- a/{path}\n+++ b/{_path(chance)}\n{_hunk(chance)}": 1,
        _git_diff(chance, path): 4,
    }
    (body,) = chance.choices([*heads], [*heads.values()])
    return body if chance.random() < 0.3 else f"```diff\n{body}```\n"


def _git_diff(chance: random.Random, path: str) -> str:
    mode = chance.choice(("100644", "100755", "100755", "120000", "160000", "040000", "777", "x"))
    new = _path(chance)
    bodies = (
        f"new file mode {mode}\n--- /dev/null\n+++ b/{path}\n@@ @@\n{_text(chance, '+')}",
        f"deleted file mode {mode}\n--- a/{path}\n+++ /dev/null\n@@ @@\n-x\n",
        f"index 12..34 100644\n--- a/{path}\n+++ b/{path}\n{_hunk(chance)}",
        f"old mode 100644\nnew mode {mode}\n",
        f"similarity index 100%\nrename from {path}\nrename to {new}\n",
        f"copy from {path}\ncopy to {new}\n",
        "GIT binary patch\nliteral 999999999\nzcmZ\n",
    )
    body = chance.choice(bodies)
    return f"diff --git a/{path} b/{new if 'rename' in body else path}\n{body}"


def _v4a(chance: random.Random) -> str:
    parts = [_v4a_file(chance) for _ in range(chance.randint(1, 2))]
    return f"*** Begin Patch\n{''.join(parts)}*** End Patch\n"


def _v4a_file(chance: random.Random) -> str:
    verb = chance.choice((*("Update",) * 8, "Add", "Add", "Add", "Delete", "Delete", "Copy"))
    head = f"*** {verb} File: {_path(chance)}\n"
    if verb == "Delete":
        return head
    if verb == "Add":
        return head + _text(chance, "+")
    move = f"*** Move to: {_path(chance)}\n" if chance.random() < 0.2 else ""
    return head + move + _hunk(chance)


def _noise(chance: random.Random) -> str:
    return _text(chance) + _text(chance)


def _nested(chance: random.Random) -> str:
    opener, depth = chance.choice(_OPENERS), chance.choice((5, 50, 500))
    return f"{opener}\n" * depth + chance.choice(_FORMS[:5])(chance) + f"{opener}\n" * depth


_FORMS: tuple[Callable[[random.Random], str], ...] = (
    *(_own, _aider, _whole, _diff, _v4a),
    *(_own, _aider, _own, _diff, _v4a, _diff, _noise, _nested),
)


def _cut(chance: random.Random, text: str) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _repeated(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    return "\n".join(lines[:at] + [lines[at]] * chance.choice((2, 2, 100)) + lines[at + 1 :])


def _swapped(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines)


def _salted(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    grain = chance.choice(("\x00", "\r", "\n", "\u202e", "\ud800", "<", "=", ">", "`", "\ufeff"))
    return text[:at] + grain * chance.choice((1, 7, 30)) + text[at:]


def _lost(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    del lines[chance.randrange(len(lines))]
    return "\n".join(lines)


def _wrapped(chance: random.Random, text: str) -> str:
    first, last = chance.choice(
        (("<think>", "</think>"), ("```", "```"), ("> ", ""), ("<think>", ""))
    )
    return f"{first}\n{text}\n{last}\n"


def _of_windows(chance: random.Random, text: str) -> str:
    return text.replace("\n", "\r\n" if chance.random() < 0.8 else "\r")


_MUTATIONS: tuple[Callable[[random.Random, str], str], ...] = (
    *(_cut, _repeated, _swapped, _salted, _lost, _wrapped, _of_windows),
)


def _watch(roots: Sequence[str]) -> list[str]:
    """Note everything that is not the reading of a file below a root, each part a step down."""
    strange: list[str] = []
    installed = {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, *sys.path} - {""}
    installed.add(str(Path(__file__).parents[2]))
    places = tuple(f"{place}/" for place in installed)

    def may_open(name: str, flags: int) -> bool:
        if flags & _WRITING:
            return False
        if name in roots or (name.startswith(places) and "/../" not in name):
            return True
        return "/" not in name and name not in {"", ".."} and bool(flags & os.O_NOFOLLOW)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and not isinstance(arguments[0], int):
            if not may_open(os.fsdecode(arguments[0]), arguments[2]):
                strange.append(f"{event} {arguments}")
        elif event in _FORBIDDEN:
            strange.append(f"{event} {arguments}")

    sys.addaudithook(hook)
    return strange


def _misled(proposal: Proposal, roots: Sequence[Root]) -> list[str]:
    """Return the changes that lead out of their root, or that are made of other bytes."""
    folders = {root.alias: root.path for root in roots}
    found = []
    for change in proposal.changes.changes:
        root = folders[change.repository]
        found += [
            path
            for path in {change.path, change.old_path or change.path}
            if not (root / path).resolve().is_relative_to(root) or ".git" in path.split("/")
        ]
    return found


def main() -> None:
    """Do the job that standard input tells."""
    job = json.load(sys.stdin)
    roots = [Root(alias, Path(path), True) for alias, path in job["roots"].items()]
    ground = Ground(tuple(roots))
    said: Counter[str] = Counter()
    misled: list[str] = []
    unfit: list[str] = []
    opened = _watch([str(root.path) for root in roots])
    for number in range(job["first"], job["first"] + job["count"]):
        try:
            outcome = _outcome(number, ground)
        finally:
            # What is no EditsRefused leaves the reply's number here, before the traceback.
            sys.stderr.write(f"{number}\n" if sys.exc_info()[0] else "")
        if isinstance(outcome, str):
            said["refused"] += 1
            unfit += [f"{number}: {outcome!a}"] if _UNFIT.search(outcome) else []
        else:
            said["placed" if outcome.changes else "unchanged"] += 1
            misled += [f"{number}: {path}" for path in _misled(outcome, roots)]
    told = {"said": said, "opened": opened[:5], "misled": misled[:5], "unfit": unfit[:5]}
    sys.stdout.write(json.dumps(told))


def _outcome(number: int, ground: Ground) -> Proposal | str:
    try:
        return propose(reply_of(number), ground, closing_required=bool(number % 2))
    except EditsRefused as refusal:
        return f"{refusal.message}\n{refusal.hint}"


if __name__ == "__main__":
    main()
