"""The default DVC remote, as `.dvc/config` names it."""

import configparser
from dataclasses import dataclass
from typing import Literal

from mltool.errors import UserError

FILE = ".dvc/config"

Kind = Literal["", "s3", "gs", "azure", "http", "ssh", "local"]

_SCHEMES: dict[str, Kind] = {
    "s3": "s3",
    "gs": "gs",
    "gcs": "gs",
    "azure": "azure",
    "abfs": "azure",
    "http": "http",
    "https": "http",
    "webdav": "http",
    "webdavs": "http",
    "ssh": "ssh",
}


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A remote: its name, where it is, and which kind of storage; `kind` is empty for one that we do not know."""

    name: str
    url: str
    kind: Kind


def default(content: bytes) -> Remote | None:
    """Return the default remote in `.dvc/config`, or None; raises UserError where the file is broken.

    DVC joins a remote's relative `url` to `.dvc/`; a remote on another remote (`remote://name/path`) is followed.
    """
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(content.decode())
    except (configparser.Error, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{FILE} cannot be read: {reason}.", "`dvc config --list` reads it too.") from error
    name = parser.get("core", "remote", fallback="")
    if not name:
        return None
    url = _url(parser, name)
    return Remote(name=name, url=url, kind=_kind(url))


def _url(parser: configparser.ConfigParser, name: str, seen: tuple[str, ...] = ()) -> str:
    url = next(
        (
            parser.get(section, "url", fallback="")
            for section in parser.sections()
            if section.strip("'").replace('"', "").split() == ["remote", name]
        ),
        "",
    )
    scheme, _, rest = url.partition("://")
    other = rest.split("/")[0]
    if scheme == "remote" and other not in (*seen, name):
        return _url(parser, other, (*seen, name))
    return url


def _kind(url: str) -> Kind:
    scheme, separator, _ = url.partition("://")
    if separator:
        return _SCHEMES.get(scheme, "")
    return "local" if url else ""
