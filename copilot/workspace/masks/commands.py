"""Passwords on command lines, where a program's name tells which argument is one."""

from __future__ import annotations

import re
from typing import Final

_VALUE = r"[\"']?(?P<value>[^\s\"'$][^\s\"']{3,})"
_CURL = re.compile(r"\s(?:-u|--user)[ =]?[\"']?[\w.@+-]{1,60}:(?P<value>[^\s\"'@]{4,})")
_SSHPASS = re.compile(rf"\bsshpass\s+-p\s?{_VALUE}")
_MYSQL = re.compile(rf"\bmysql\w*\s[^\n|;&]{{0,200}}?\s-p{_VALUE}")
_CHPASSWD = re.compile(
    rf"[\s\"'][\w.-]{{1,32}}:{_VALUE}[\"']?\s*\|\s*(?:sudo\s+)?chpasswd"
    r"|\bchpasswd\s*<<<\s*[\"']?[\w.-]{1,32}:(?P<here>[^\s\"'$][^\s\"']{3,})"
)
_HTPASSWD = re.compile(
    rf"\bhtpasswd(?:\s-\w{{1,8}}){{0,4}}\s-\w{{0,8}}b\w{{0,8}}(?:\s[^\s-]\S{{0,80}}){{1,2}}\s{_VALUE}"
)
_DOCKER = re.compile(rf"\bdocker\slogin\s[^\n|;&]{{0,200}}?-p[\s=]?{_VALUE}")
_STDIN = re.compile(rf"\becho\s(?:-n\s)?{_VALUE}[\"']?\s?\|[^|\n]{{0,200}}password-stdin")

# A word in small letters that stands on the line, and the pattern; its last group is the password.
COMMANDS: Final = (
    ("curl", _CURL),
    ("sshpass", _SSHPASS),
    ("mysql", _MYSQL),
    ("chpasswd", _CHPASSWD),
    ("htpasswd", _HTPASSWD),
    ("docker", _DOCKER),
    ("-stdin", _STDIN),
)
