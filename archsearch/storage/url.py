"""The URL of a storage: shown without what is secret in it, and the SQLite file that it names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

DEFAULT = "sqlite:///results/archsearch.db"
"""The storage where none is given: a SQLite file under `results/` of the current folder."""

_HIDDEN = "***"
_HARMLESS = frozenset({"mode", "uri", "cache", "immutable", "nolock", "vfs", "timeout", "sslmode", "charset"})
"""The names of options whose values are shown; any other may be a password, a token or a key."""


def without_secrets(url: str) -> str:
    """Return a URL with `***` for whatever may be a secret: a password, a token, the value of an option.

    >>> without_secrets("postgresql://me:secret@host:5432/results?sslmode=require&password=secret")
    'postgresql://me:***@host:5432/results?sslmode=require&password=***'
    >>> without_secrets("sqlite:///results/archsearch.db")
    'sqlite:///results/archsearch.db'
    """
    scheme, rest = re.match(r"((?:[\w+.-]+://)?)(.*)", url, re.DOTALL).groups()  # type: ignore[union-attr]  # both may be empty
    user = ""
    if not scheme.startswith("sqlite") and "@" in rest:
        # An @ in a password that is not quoted is not the last one.
        account, _, rest = rest.rpartition("@")
        name, colon, _ = account.partition(":")
        # What is long or odd is no name.
        user = (name if re.fullmatch(r"[\w.-]{0,30}", name) else _HIDDEN) + (f":{_HIDDEN}" if colon else "") + "@"
    place, options = re.match(r"([^?#;&]*)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    if scheme:
        # What stands for a port and is no number is a password whose host is missing.
        place = re.sub(r"^([^/:\[]*):(?!\d*(/|$))[^/]*", rf"\1:{_HIDDEN}", place)
    return scheme + user + place + re.sub(r"([?#;&])([^?#;&]*)", _shown_option, options)


def hidden(text: str, url: str) -> str:
    """Return what a driver says, with `***` for each secret of the URL in it.

    >>> hidden("no host 'cret@db'", "postgresql://me:se@cret@db/x")
    "no host '***@db'"
    """
    words, shown = (set(re.split(r"[:/@?#&;=]+", text)) for text in (url, without_secrets(url)))
    for secret in sorted({*(words - shown), *map(unquote, words - shown)}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", _HIDDEN, text)
    return text


def secrets_hidden(text: str) -> str:
    """Return a text in which every URL is shown without its secrets."""
    return re.sub(r"[\w+.-]+://[^\s`'\"]+", lambda found: without_secrets(found[0]), text)


def sqlite_file(url: URL) -> Path | None:
    """Return the file that the URL of a SQLite database names; None for a database in memory.

    >>> from sqlalchemy.engine import make_url
    >>> sqlite_file(make_url("sqlite:///file:my%20results.db?mode=rwc&uri=true"))
    PosixPath('my results.db')
    """
    name = url.database or ""
    if name.startswith("file:") and url.query.get("uri"):
        name = unquote(urlsplit(name).path)
    if name in {"", ":memory:"} or url.query.get("mode") == "memory":
        return None
    return Path(name)


def _shown_option(option: re.Match[str]) -> str:
    mark, text = option.groups()
    name, equals, value = text.partition("=")
    if mark == "#" or not equals:
        return mark + (_HIDDEN if text else "")
    return f"{mark}{name}={value if name in _HARMLESS else _HIDDEN}"
