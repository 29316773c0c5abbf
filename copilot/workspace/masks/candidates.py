"""Where secrets may stand in a text: one pass of RE2, whose time grows with the length alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

from copilot.workspace.masks.names import KEYS, PASSWORDS, SECRET_KEYS, SECRETS, WHOSE_PASS
from copilot.workspace.masks.shapes import PASSWORD_HASHES, TOKENS


def _any_of(words: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(words)) + ")"


_TELLING = (
    rf"(?i:{_any_of(PASSWORDS | SECRETS)}|psk|(?:^|[^\w])(?:pass|pw\b)"
    rf"|{_any_of(WHOSE_PASS)}[_-]?(?:pass|pw)|{_any_of(SECRET_KEYS)}[_-]?key)"
)
_HINTING = f"(?i:{_any_of(KEYS)})"
_GIVES = r"[\\\"'`\])?]*[ \t]*(?:[:?+|]?=>?|:=|\|\|=|[:,(>])[ \t]*"
_TYPED = r"[ :]+[\w\[\].|&*?<>' ]+="
_LITERAL = r"(?:[A-Za-z]*\(|[bBrRuUfFL@$]{1,2})?\\?[\"'`]+"
_CONTEXTS = (
    rf"{_TELLING}[\w.-]*(?:{_GIVES}[\[(]?(?:{_LITERAL})?[^\s\"'`<>{{}}()\[\]]{{4}}"
    rf"|{_TYPED}[ \t]*{_LITERAL}\S|[ ]?=[ ]?[\"'][^\s\"']{{1,3}}(?:[ ][^\s\"']|[\"'],)"
    r"|[\"'],[ ]?[\"']-"
    rf"|[\"'`\])]*(?:[ ]?(?:\|\||\?\?|\?:|or[ ])[ ]?|\.(?:unwrap_or|orElse|getOrElse)\w*\()"
    rf"{_LITERAL}\S"
    r"|[\"'][ \t](?i:value|content|default)[ \t]?=|[ \t]['\"]\S"
    r"|[\"']?,?[ \t]*\r?\n[ \t]*[\"']?(?i:value|default)[\"']?[ \t]*[:=]"
    r"|</(?:key|name)>|\"[ \t]*\{"
    r"|[\"']?(?:(?:[ ]?:[ ]?\w+)?[ ]?[:=][ ]?[|>(\[\\]?[-+0-9]*|>)[ \t]*\r?\n[ \t]*(?:-[ \t]+)?"
    r"[bru]?[\"']?[^\s\"',;:<>(){}\[\]]{6})",
    r"sshpass[ ]|chpasswd|htpasswd|docker[ ]login|\$\{\w+-|-stdin|mysql\w*[ ]+-"
    r"|kind:[ \t]*[\"']?Secret",
    rf"{_HINTING}[\w.-]*(?:{_GIVES}|{_TYPED})[ \t]*(?:{_LITERAL})?[A-Za-z0-9+/=_-]{{20}}",
    r"(?:--[\w-]*|(?:ENV|ARG|setx)[ \t]+\w*|set[ \t-]+\w*|login[ \t]+[^\s]+[ \t]+)"
    rf"{_TELLING}[\w-]*[ \t]+\S{{4}}",
    r"(?i:bearer|basic)[ \t]+[A-Za-z0-9._~+/=-]{16}",
    r"curl|requirepass[ \t]|masterauth[ \t]|(?i:identified[ \t]+by[ \t]+['\"])",
    r"(?i:auth|login|credentials?|connect|sequelize)\w*[\"']?[ ]?"
    r"[=:(][ =(\[]*[\"'][^\"'\n]+[\"'],[ ]?[\"']",
    r"(?i:api|auth|cipher|connect|crypt|key|login|passw|secret|sign|token)"
    r"[^\n]*[\"'`][A-Za-z0-9+/=_-]{24}",
)
# What tells of a secret where names and words tell nothing.
_MARKS = (
    r"@(?:tcp|unix)\(|://[0-9a-f]{32}@",
    r"://[^\s/:@\"'<>]*:[^\s\"'<>/]+@",
    r"PRIVATE KEY|Private-Lines:",
    "MASKED_",
)
# The heads of TOKENS and PASSWORD_HASHES, or what stands in them and nowhere else.
_HEADS = (
    r"A3T[A-Z0-9]|A[BKS]IA|ACCA|gh[pousr]_|github_pat_"
    r"|gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|oas|agent|ffct)-|GR1348941|(?i:xox[abeoprs])-\d"
    r"|xapp-\d|hooks\.slack|\.[\w-]{6}\.[\w-]{20}|api/webhooks/\d|\d:AA|[rs]k_(?:live|test)_"
    r"|whsec_|sq0[cai]|(?:AC|SK)[0-9a-f]{8}|SG\.[\w-]{22}\.|[0-9a-f]-us\d|key-[0-9a-f]{8}"
    r"|xkeysib-|sk-|gsk_|xai-|pplx-|r8_|hf_|AIza|GOCSPX-|ya29\.|1//0|AAAA[\w-]{7}:"
    r"|AccountKey=|AccessKey=|[?&]sig=|\dQ~|do[opr]_v1_|dapi[0-9a-f]|hv[sbr]\.|\.atlasv1\."
    r"|AGE-SECRET|npm_|pypi-A|rubygems_|dckr_|shp(?:at|ca|pa|ss)_|dp\.(?:pt|st|ct|sa|sc|au)"
    r"|lin_(?:api|oauth)_|PMAK-|gl(?:sa|c)_|sntry[su]_|AT(?:ATT|CTT)3|ATBB|NRAK-"
    r"|secret_[A-Za-z0-9]{20}|ntn_|pul-[0-9a-f]|sbp_|pat[A-Za-z0-9]+\.[0-9a-f]{8}|figd_|nfp_"
    r"|AKC[A-Za-z0-9]{8}|api\.softlayer|eyJ"
    r"|\$(?:2[abxy]|1|5|6|7|y|gy|apr1|argon2\w+)\$|pbkdf2_sha\d+\$|\{S?SHA(?:256|512)?\}"
)


def candidates(data: bytes, *, names_tell: bool = True) -> tuple[list[int], list[int]]:
    """Return in order the byte offsets in UTF-8 text at which something may tell of a secret.

    First those of telling marks, and of names where those tell something; then those of heads of
    known keys. Each is that of the second byte: the first may be a line's end, or the end of a
    character.
    """
    contexts, heads = _contexts(names_tell=names_tell), _heads()
    return (
        list(_line_by_line(data, contexts)),
        [match.start() + 1 for match in heads.finditer(data)],
    )


def _line_by_line(data: bytes, contexts: Any) -> Iterator[int]:
    """Yield where each match begins, and the start of the second line that it reaches."""
    for match in contexts.finditer(data):
        start, end = match.span()
        yield start + 1
        if (feed := data.find(b"\n", start + 1, end)) >= 0:
            yield feed + 1


def token_starts(line: str) -> list[int]:
    """Return the character offsets at which something of a known key's shape begins."""
    data = line.encode("utf-8", "surrogatepass")
    starts = [match.start() for match in _shapes().finditer(data)]
    if line.isascii():
        return starts
    return [len(data[:start].decode("utf-8", "surrogatepass")) for start in starts]


# Contexts and heads together in one scanner would need far more states.
@cache
def _contexts(*, names_tell: bool) -> Any:
    return _compiled("|".join((*_CONTEXTS, *_MARKS) if names_tell else _MARKS))


@cache
def _heads() -> Any:
    return _compiled(_HEADS)


@cache
def _shapes() -> Any:
    tokens = (shape for shapes in TOKENS.values() for shape in shapes)
    return _compiled("|".join((*tokens, *PASSWORD_HASHES)))


def _compiled(pattern: str) -> Any:
    re2 = import_module("re2")
    options = re2.Options()
    options.max_mem = 64 << 20
    options.never_capture = True
    # Bytes are matched as they come; only ASCII matters here.
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(pattern.encode(), options)
