"""Evidence that only a bundle can give is looked for in the store, and only where an environment asks for it."""

from pathlib import Path

import pytest

from mltool import git
from mltool.commands import ledger, promote, proofs, release_manifest
from mltool.errors import RefusedError
from mltool.release.evidence import Proofs
from support import released
from support.repos import Repo, run
from support.said import mltool

pytestmark = pytest.mark.slow

ASKS = """
[environments.prod.approvals]
evidence = {evidence}
[environments.staging]
[signing]
allowed_signers = "signers"
"""


def made(folder: Path, evidence: str) -> Repo:
    """Return a project whose version 1.0.0 is registered, packaged and signed."""
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key", "-C", "", cwd=folder)
    key = (folder / "key.pub").read_text()
    repo = released.create(
        folder / "project", config=ASKS.format(evidence=evidence), onto={"signers": f"ops@example.org {key}"}
    )
    key_file = str(folder / "key")
    for words in (
        ("register", "delay", "1.0.0", "--no-push"),
        ("release", "package", "delay", "1.0.0", "--no-replay", "--sign", "ssh", "--key", key_file),
    ):
        said = mltool(repo.folder, *words)
        assert said.code == 0, said.err
    return repo


def gather(repo: Repo, environment: str = "prod") -> Proofs:
    project = git.find(repo.folder)
    made = release_manifest.manifest(project, "delay", "1.0.0", ledger=ledger.read(project))
    return proofs.gather(project, made, environment)


def test_a_signature_is_evidence_once_the_bundle_is_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    repo = made(tmp_path, '["signature"]')
    assert gather(repo, "staging") == Proofs()
    assert "delay@v1.0.0 is not published" in gather(repo).why_not
    project = git.find(repo.folder)
    with pytest.raises(RefusedError, match=r"No verified signature on the bundle is known \(delay@v1\.0\.0 is not pub"):
        promote.promote(project, "delay", "1.0.0", "prod", reason="", remote=None)
    assert mltool(repo.folder, "release", "publish", "delay", "1.0.0").code == 0
    assert gather(repo) == Proofs(signer="ops@example.org")
    promote.promote(project, "delay", "1.0.0", "prod", reason="", remote=None)
    assert ledger.read(project).models["delay"].stages["prod"].version == "1.0.0"


def test_who_may_sign_is_said_by_the_default_branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    repo = made(tmp_path, '["signature"]')
    assert mltool(repo.folder, "release", "publish", "delay", "1.0.0").code == 0
    mine = (repo.folder / "signers").read_text()
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other", "-C", "", cwd=tmp_path)
    theirs = f"ops@example.org {(tmp_path / 'other.pub').read_text()}"
    repo.git("checkout", "--quiet", "-b", "side")
    repo.git("checkout", "--quiet", "main")
    repo.write({"signers": theirs})
    repo.git("commit", "--quiet", "-m", "Other signers", "--", "signers")
    repo.git("checkout", "--quiet", "side")
    assert (repo.folder / "signers").read_text() == mine
    found = gather(repo)
    assert found.signer == ""
    assert "delay-1.0.0 is refused" in found.why_not
