"""Secrets that are told by their own shape: the keys of known services, in RE2's syntax.

The shapes cover those of detect-secrets' plugins; the tests hold them against it. A shape's first
group, if it has one, is the secret; else all of it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

_WORD = r"[A-Za-z0-9_-]"
_EDGE = r"(?<![A-Za-z0-9])"
_BASE64 = r"[A-Za-z0-9+/]"

# kind: the shapes. What stands at their ends is no letter or digit.
TOKENS: Final[dict[str, tuple[str, ...]]] = {
    "aws-key": (r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}",),
    "github-token": (r"gh[pousr]_[A-Za-z0-9_]{36,}", r"github_pat_[A-Za-z0-9_]{22,}"),
    "gitlab-token": (
        rf"(?:glpat|gldt|glft|glsoat|glrt|glcbt|glimt|glptt|gloas|glagent|glffct)-{_WORD}"
        r"[A-Za-z0-9_.-]{18,}",
        rf"GR1348941{_WORD}{{20,50}}",
    ),
    "slack-token": (
        r"(?i:xox[abeoprs])(?:-\d+){1,4}-[A-Za-z0-9]{6,}",
        r"xapp-\d-[A-Z0-9]{6,}-\d+-[a-z0-9]{32,}",
    ),
    "slack-webhook": (
        r"(?i:hooks\.slack\.com/(?:services|workflows)/)(T[A-Za-z0-9_]+/[A-Za-z0-9_/]{12,})",
    ),
    "discord-token": (rf"[MNO]{_WORD}{{23,25}}\.{_WORD}{{6}}\.{_WORD}{{27,38}}",),
    "discord-webhook": (rf"discord(?:app)?\.com/api/webhooks/\d{{17,20}}/({_WORD}{{50,80}})",),
    "telegram-token": (rf"\d{{8,10}}:{_WORD}{{35}}",),
    "stripe-key": (r"[rs]k_(?:live|test)_[0-9A-Za-z]{16,}", r"whsec_[A-Za-z0-9+/]{24,64}"),
    "square-key": (r"sq0(?:csp|atp|idp)-[0-9A-Za-z\\_-]{22,43}",),
    "twilio-key": (r"(?:AC|SK)[0-9a-f]{32}",),
    "sendgrid-key": (rf"SG\.{_WORD}{{22}}\.{_WORD}{{43}}",),
    "mailchimp-key": (r"[0-9a-f]{32}-us\d{1,2}",),
    "mailgun-key": (r"key-[0-9a-f]{32}",),
    "brevo-key": (r"xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}",),
    "anthropic-key": (rf"sk-ant-{_WORD}{{24,}}",),
    "openai-key": (
        rf"sk-{_WORD}{{0,}}T3BlbkFJ{_WORD}{{20,}}",
        rf"sk-(?:proj|svcacct|admin|or-v1)-{_WORD}{{40,}}",
        r"sk-[A-Za-z0-9]{32,64}",
    ),
    "ai-key": (
        r"gsk_[A-Za-z0-9]{40,64}",
        r"xai-[A-Za-z0-9]{60,}",
        r"pplx-[A-Za-z0-9]{40,64}",
        r"r8_[A-Za-z0-9]{37,40}",
        r"hf_[A-Za-z0-9]{30,40}",
    ),
    "google-key": (
        rf"AIza{_WORD}{{35}}",
        rf"GOCSPX-{_WORD}{{28}}",
        rf"ya29\.{_WORD}{{30,}}",
        rf"1//0{_WORD}{{40,}}",
        rf"AAAA{_WORD}{{7}}:{_WORD}{{140}}",
    ),
    "azure-key": (
        rf"(?:AccountKey|SharedAccessKey)=({_BASE64}{{42,88}}={{0,2}})",
        r"sig=([A-Za-z0-9%+/]{40,80}(?:%3[Dd]|=))",
        r"[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}",
    ),
    "digitalocean-token": (r"do[opr]_v1_[0-9a-f]{64}",),
    "databricks-token": (r"dapi[0-9a-f]{32}(?:-\d)?",),
    "hashicorp-token": (
        rf"hv[sbr]\.{_WORD}{{24,}}",
        rf"[A-Za-z0-9]{{14}}\.atlasv1\.{_WORD}{{60,70}}",
    ),
    "age-key": (r"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}",),
    "npm-token": (r"npm_[A-Za-z0-9]{36}",),
    "pypi-token": (rf"pypi-Ag{_WORD}{{50,}}",),
    "rubygems-key": (r"rubygems_[0-9a-f]{48}",),
    "docker-token": (rf"dckr_(?:pat|oat)_{_WORD}{{27,32}}",),
    "shopify-token": (r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",),
    "doppler-token": (r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{40,80}",),
    "linear-key": (r"lin_(?:api|oauth)_[A-Za-z0-9]{32,64}",),
    "postman-key": (r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}",),
    "grafana-token": (r"gl(?:sa|c)_[A-Za-z0-9+/]{32,}(?:_[0-9a-f]{8})?",),
    "sentry-token": (r"sntry[su]_[A-Za-z0-9+/=_]{40,}",),
    "atlassian-token": (r"AT(?:ATT|CTT)3[A-Za-z0-9_=-]{60,}", r"ATBB[A-Za-z0-9]{28,32}"),
    "newrelic-key": (r"NRAK-[A-Z0-9]{27}",),
    "notion-token": (r"secret_[A-Za-z0-9]{43}", r"ntn_[A-Za-z0-9]{40,50}"),
    "pulumi-token": (r"pul-[0-9a-f]{40}",),
    "supabase-token": (r"sbp_[0-9a-f]{40}",),
    "airtable-token": (r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}",),
    "figma-token": (rf"figd_{_WORD}{{38,45}}",),
    "netlify-token": (rf"nfp_{_WORD}{{36,40}}",),
    "artifactory-key": (r"(?:^|[\s=:\"'])(AKC[A-Za-z0-9]{64,})",),
    "softlayer-key": (r"(?i:api\.softlayer\.com/soap/v3(?:\.1)?/)([a-z0-9]{64})",),
    "jwt": (rf"eyJ{_WORD}{{10,}}\.eyJ{_WORD}{{10,}}\.{_WORD}{{16,}}",),
}
PASSWORD_HASHES: Final = (
    r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}",
    r"\$(?:1|5|6|7|y|gy|apr1)\$[./A-Za-z0-9=,$-]{4,60}\$[./A-Za-z0-9]{22,90}",
    rf"\$argon2(?:id|i|d)\$v=\d+\$[a-z0-9=,]+\${_BASE64}+\${_BASE64}+",
    rf"pbkdf2_sha\d+\$\d+\$[^\s$\"']+\${_BASE64}+={{0,2}}",
    rf"\{{S?SHA(?:256|512)?\}}{_BASE64}{{27,}}={{0,2}}",
)


# What a shape begins with literally, as none is an alternative as a whole; what follows may make
# the last character optional.
_BEGINNING = re.compile(r"[A-Za-z0-9_-]*(?=[A-Za-z0-9_-])")


@dataclass(frozen=True)
class _Shape:
    """A shape, compiled when something begins as it does: most never do."""

    kind: str
    shape: str
    beginning: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        edge = "" if self.shape.startswith("(?:^|") else _EDGE
        return re.compile(rf"{edge}(?:{self.shape})(?![A-Za-z0-9])")


@cache
def _shapes() -> tuple[_Shape, ...]:
    return tuple(
        _Shape(kind, shape, _beginning(shape))
        for kind, shapes in (*TOKENS.items(), ("password-hash", PASSWORD_HASHES))
        for shape in shapes
    )


def _beginning(shape: str) -> str:
    match = _BEGINNING.match(shape)
    return match[0] if match else ""


def token_at(line: str, position: int) -> tuple[str, int, int] | None:
    """Return kind, start and end of the secret whose shape begins at `position` of a line."""
    for shape in _shapes():
        if line.startswith(shape.beginning, position) and (
            match := shape.pattern.match(line, position)
        ):
            return shape.kind, *match.span(shape.pattern.groups and 1)
    return None


def kind_of_value(value: str) -> str | None:
    """Return the kind of service whose key has exactly this shape."""
    for shape in _shapes():
        if (
            value.startswith(shape.beginning)
            and not shape.pattern.groups
            and shape.pattern.fullmatch(value)
        ):
            return shape.kind
    return None
