"""What holds for every test: no internet, a home of its own, a Git identity that needs no configuration."""

import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.repos import Repo

REAL_HOME = Path.home()


def _is_here(address: Any) -> bool:
    """Say whether a socket address is on this machine; names other than localhost are not."""
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = address[0]
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def no_internet() -> Iterator[None]:
    """Refuse every connection that would leave this machine, by name or by address."""
    connect, connect_ex, lookup = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: socket.socket, address: Any) -> Any:
            if not _is_here(address):
                raise PermissionError(f"a test tried to reach {address}")
            return real(self, address)

        return call

    def guarded_lookup(host: Any, *rest: Any, **more: Any) -> Any:
        if host is not None and not _is_here((host.decode() if isinstance(host, bytes) else host,)):
            raise PermissionError(f"a test tried to look up {host}")
        return lookup(host, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(connect))
        patch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
        patch.setattr(socket, "getaddrinfo", guarded_lookup)
        yield


@pytest.fixture(autouse=True, scope="session")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the whole run, and every program it starts, an empty home and a Git identity."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_", "GITHUB_", "MLTOOL_"))]:
            patch.delenv(name)
        # Python is as it is at its users': it writes compiled code beside the sources.
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        for name, value in _environment(home).items():
            patch.setenv(name, value)
        # Downloaded packages may be reused; nothing else of the real home is seen.
        if "UV_CACHE_DIR" not in os.environ:
            patch.setenv("UV_CACHE_DIR", str(REAL_HOME / ".cache" / "uv"))
        for config in (REAL_HOME / ".config" / "pip" / "pip.conf", REAL_HOME / ".pip" / "pip.conf"):
            if config.is_file() and "PIP_CONFIG_FILE" not in os.environ:
                patch.setenv("PIP_CONFIG_FILE", str(config))
        yield home


def _environment(home: Path) -> dict[str, str]:
    person = {"NAME": "Ada Example", "EMAIL": "ada@example.org", "DATE": "2026-01-02T03:04:05+00:00"}
    return {
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "DVC_NO_ANALYTICS": "1",
        "DVC_GLOBAL_CONFIG_DIR": str(home / "dvc"),
        "DVC_SYSTEM_CONFIG_DIR": str(home / "dvc-system"),
        "DVC_SITE_CACHE_DIR": str(home / "dvc-site"),
        **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()},
    }


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Return an empty Git and DVC repository on the branch `main`."""
    return Repo.create(tmp_path / "project")
