"""DVC's own configuration: system, global, the project's, and the project's local one."""

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mltool.errors import UserError

REMOTE: Final = "'remote \""


@dataclass(frozen=True, kw_only=True)
class Config:
    """What mltool needs of it. `remotes` are in the order to try, the default one first: a folder, or None for a
    remote that only DVC can reach.
    """

    cache: Path
    remotes: tuple[tuple[str, Path | None], ...] = ()
    parsing: Mapping[str, str] = field(default_factory=dict)


def read(folder: Path) -> Config:
    """Return the configuration of the project in `folder`. Raises UserError naming a file that is broken."""
    found: dict[str, dict[str, str]] = {}
    home: dict[tuple[str, str], Path] = {}
    for file in _files(folder):
        for section, option, value in _entries(file):
            found.setdefault(section, {})[option] = value
            home[section, option] = file.parent
    cache = found.get("cache", {}).get("dir")
    default = found.get("core", {}).get("remote", "")
    remotes = {
        section.removeprefix(REMOTE).rstrip("\"'"): _folder(options.get("url", ""), home.get((section, "url"), folder))
        for section, options in found.items()
        if section.startswith(REMOTE)
    }
    return Config(
        cache=home["cache", "dir"] / Path(cache).expanduser() if cache else folder / ".dvc" / "cache",
        remotes=tuple(sorted(remotes.items(), key=lambda item: item[0] != default)),
        parsing=found.get("parsing", {}),
    )


def adopt(original: Path, clone: Path) -> None:
    """Let a fresh clone of a project use the logins, the cache and the remotes of the original, without copying data.

    Remotes that are folders are named relative to the project, which is elsewhere now.
    """
    known = read(original)
    sections: dict[str, dict[str, str]] = {}
    for section, option, value in _entries(original / ".dvc" / "config.local"):
        sections.setdefault(section, {})[option] = value
    sections.setdefault("cache", {})["dir"] = str(known.cache.resolve())
    for name, place in known.remotes:
        if place is not None:
            sections.setdefault(f"{REMOTE}{name}\"'", {})["url"] = str(place.resolve())
    lines = []
    for name, pairs in sections.items():
        lines += [f"[{name}]", *(f"{key} = {value}" for key, value in pairs.items())]
    (clone / ".dvc" / "config.local").write_text("\n".join([*lines, ""]), encoding="utf-8")


def _files(folder: Path) -> Iterator[Path]:
    system = os.environ.get("DVC_SYSTEM_CONFIG_DIR") or _system()
    personal = os.environ.get("DVC_GLOBAL_CONFIG_DIR") or _personal()
    yield from (Path(system) / "config", Path(personal) / "config")
    yield from (folder / ".dvc" / "config", folder / ".dvc" / "config.local")


def _system() -> str:
    if sys.platform == "darwin":
        return "/Library/Application Support/dvc"
    return os.path.join(os.environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep)[0], "dvc")  # noqa: PTH118


def _personal() -> str:
    if sys.platform == "darwin":
        return str(Path("~/Library/Application Support/dvc").expanduser())
    return str(Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "dvc")


def _entries(file: Path) -> Iterator[tuple[str, str, str]]:
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"Cannot read DVC's configuration {file}: {error}.") from error
    # In this dialect indentation means nothing; configparser would take it for a continued value.
    unindented = "\n".join(line.strip() for line in text.splitlines())
    parser = configparser.RawConfigParser(strict=False, inline_comment_prefixes=None, delimiters=("=",))
    try:
        parser.read_string(unindented)
    except configparser.Error as error:
        raise UserError(f"DVC's configuration {file} is broken: {str(error).splitlines()[0]}.") from error
    for section in parser.sections():
        for option, value in parser.items(section):
            yield section, option, value.strip().strip("\"'")


def _folder(url: str, home: Path) -> Path | None:
    """Return the folder that a remote's address names; None where it names none."""
    url = url.removeprefix("file://") if url.startswith("file:///") else url
    return None if not url or "://" in url else home / Path(url).expanduser()
