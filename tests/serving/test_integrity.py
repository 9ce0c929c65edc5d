"""A bundle is compared with its checksums, and with who signed them, before anything of it is loaded."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mltool.serving.integrity import RefusedError, check
from support import served


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "delay-1.3.0"
    for path, content in {"release.json": "{}", "model/model.skops": "PK", "server/app.py": "x = 1"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    served.seal(folder)
    return folder


def test_a_bundle_as_it_was_made_is_good(bundle: Path) -> None:
    check(bundle)


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a changed file": (lambda b: (b / "model/model.skops").write_text("QK"), r"model/model\.skops was changed"),
    "a missing file": (lambda b: (b / "model/model.skops").unlink(), r"model/model\.skops is missing"),
    "an extra file": (lambda b: (b / "numpy.py").write_text(""), r"numpy\.py does not belong there"),
    "an extra file in a folder": (lambda b: (b / "server/x.py").write_text(""), r"server/x\.py does not belong"),
    "a link": (lambda b: (b / "extra").symlink_to("/etc/hostname"), "extra is a link or a device"),
    "a linked folder": (lambda b: (b / "extra").symlink_to("/etc"), "extra is a link or a device"),
    "a pipe": (lambda b: os.mkfifo(b / "extra"), "extra is a link or a device"),
    "no checksums": (lambda b: (b / "SHA256SUMS").unlink(), "SHA256SUMS cannot be read"),
    "empty checksums": (lambda b: (b / "SHA256SUMS").write_text(""), "SHA256SUMS is empty"),
    "a cut checksum": (lambda b: (b / "SHA256SUMS").write_text("0123  release.json\n"), "line 1 is no checksum"),
    "a file twice": (
        lambda b: (b / "SHA256SUMS").write_text((b / "SHA256SUMS").read_text() * 2),
        "line 4 is no checksum of one more file",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_not_as_it_was_made_is_refused_by_name(bundle: Path, change: str) -> None:
    act, said = CHANGES[change]
    act(bundle)

    with pytest.raises(RefusedError, match=said):
        check(bundle)


def test_compiled_code_beside_the_sources_is_refused_but_for_what_python_wrote_before_us(bundle: Path) -> None:
    cache = bundle / "server/__pycache__"
    cache.mkdir()
    for name in ("__init__", "__main__"):
        (cache / f"{name}.cpython-311.pyc").write_bytes(b"")
    check(bundle)

    (cache / "app.cpython-311.pyc").write_bytes(b"")
    with pytest.raises(RefusedError, match=r"app\.cpython-311\.pyc does not belong there"):
        check(bundle)


def key(folder: Path, name: str) -> Path:
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name), check=True)
    return folder / name


def sign(bundle: Path, key: Path, *, space: str = "mltool") -> None:
    (bundle / "SHA256SUMS.sig").unlink(missing_ok=True)
    subprocess.run(
        ("ssh-keygen", "-q", "-Y", "sign", "-n", space, "-f", key, bundle / "SHA256SUMS"),
        check=True,
        capture_output=True,
    )


def test_a_signature_counts_only_of_who_is_allowed_and_for_these_checksums(bundle: Path, tmp_path: Path) -> None:
    ada, eve, allowed = key(tmp_path, "ada"), key(tmp_path, "eve"), tmp_path / "allowed"
    allowed.write_text(f"ada@example.org {ada.with_suffix('.pub').read_text()}")
    with pytest.raises(RefusedError, match="not signed"):
        check(bundle, allowed_signers=allowed)

    sign(bundle, ada)
    check(bundle, allowed_signers=allowed)

    sign(bundle, ada, space="git")
    with pytest.raises(RefusedError, match="no signature of this SHA256SUMS"):
        check(bundle, allowed_signers=allowed)
    sign(bundle, eve)
    with pytest.raises(RefusedError, match="nobody whom allowed allows"):
        check(bundle, allowed_signers=allowed)
    sign(bundle, ada)
    (bundle / "model/model.skops").write_text("QK")
    served.seal(bundle)
    with pytest.raises(RefusedError, match=r"no signature|does not belong"):
        check(bundle, allowed_signers=allowed)
    with pytest.raises(RefusedError, match="no file of allowed signers"):
        check(bundle, allowed_signers=tmp_path / "nobody")
