"""Every way in which a bundle is not what it should be, each refused with its reason, on a real bundle."""

import dataclasses
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mltool import archives, git
from mltool.bundle import words
from mltool.bundle.check import Policy
from mltool.commands import verify
from mltool.commands.package import Packaged, Sign, package
from mltool.errors import MltoolError, RefusedError, UserError
from mltool.release import json as manifests
from mltool.release.model import Manifest
from support import released
from support.repos import Repo
from support.said import mltool


@dataclass(frozen=True)
class Made:
    """A project with its bundles, and the keys of two people; `signers` lists the first."""

    repo: Repo
    bundle: Packaged
    signed: Packaged
    ada: Path
    eve: Path
    signers: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    home = tmp_path_factory.mktemp("verify")
    repo = released.create(home / "project")
    ada, eve = (new_key(home / name) for name in ("ada", "eve"))
    (home / "signers").write_text(f"ada@example.org {ada.with_suffix('.pub').read_text()}")

    def pack(sign: Sign) -> Packaged:
        return package(
            git.find(repo.folder), "delay", "1.0.0", out=home / sign, revision="HEAD", sign=sign, key=str(ada),
            replay=False, say=lambda _: None,
        )  # fmt: skip

    return Made(repo, pack("off"), pack("dsse"), ada, eve, home / "signers")


def new_key(place: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", place.name, "-f", place], check=True)
    return place


@pytest.fixture
def opened(made: Made, tmp_path: Path) -> Path:
    """Return the signed bundle as a folder of this test's own."""
    return verify.verify(made.signed.tar, Policy(), into=tmp_path / "opened").folder


def seal(folder: Path) -> None:
    """Make the checksums right again, as one would who changed a file."""
    unsummed = {"SHA256SUMS", "SHA256SUMS.sig", "attestation.dsse.json"}
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in unsummed)
    lines = (f"{sha256(path.read_bytes())}  {path.relative_to(folder).as_posix()}\n" for path in files)
    (folder / "SHA256SUMS").write_text("".join(lines))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def forge(folder: Path, **changes: Any) -> Manifest:
    """Write another manifest, and everything that follows from it."""
    manifest = dataclasses.replace(manifests.loads((folder / "release.json").read_bytes()), **changes)
    (folder / "release.json").write_text(manifests.dumps(manifest))
    locked = (folder / "requirements.txt").read_text()
    for name, content in words.write(manifest, digest=manifests.digest(manifest), locked=locked).items():
        (folder / name).write_bytes(content)
    seal(folder)
    return manifest


def policy(made: Made, **changes: Any) -> Policy:
    return dataclasses.replace(Policy(source="mltool.toml", signers=str(made.signers)), **changes)


def reasons(folder: Path, rules: Policy) -> str:
    with pytest.raises(RefusedError) as refused:
        verify.verify(folder, rules, into=folder.parent / "into")
    assert refused.value.code == 1
    return str(refused.value)


def test_a_good_bundle_is_opened_and_says_who_signed_it(made: Made, tmp_path: Path) -> None:
    found = verify.verify(made.signed.tar, policy(made, digest=made.signed.digest), into=tmp_path)
    assert found.folder == tmp_path / "delay-1.0.0"
    assert found.manifest == made.signed.manifest
    assert found.signers == ("ada@example.org",)
    assert found.notes == ()


def test_a_bundle_is_open_only_as_long_as_it_is_used(made: Made) -> None:
    with verify.opened(made.bundle.tar, Policy()) as found:
        assert (found.folder / "release.json").is_file()
    assert not found.folder.exists()


def test_what_is_not_judged_is_said(made: Made, tmp_path: Path) -> None:
    found = verify.verify(made.signed.tar, Policy(), into=tmp_path)
    assert [note.split(":")[0] for note in found.notes] == [
        "No policy for this model",
        "The bundle is signed, but no list of allowed signers was given",
    ]


def append(path: str) -> Callable[[Path], None]:
    return lambda folder: (folder / path).write_bytes((folder / path).read_bytes() + b"\n")


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        (append("model/model.skops"), "model/model.skops was changed"),
        (append("CARD.md"), "CARD.md was changed"),
        (append("server/app.py"), "server/app.py was changed"),
        (lambda folder: (folder / "model/more.py").write_text("x"), "model/more.py does not belong there"),
        (lambda folder: (folder / "golden.jsonl").unlink(), "golden.jsonl is missing"),
        (append("SHA256SUMS"), "SHA256SUMS is not what mltool writes"),
        (lambda folder: (folder / "SHA256SUMS.sig").write_text("x"), "it is not a signature"),
        (lambda folder: (folder / "attestation.dsse.json").write_text("{}"), "it is no DSSE envelope"),
    ],
)
def test_what_was_changed_is_named(tamper: Callable[[Path], object], reason: str, made: Made, opened: Path) -> None:
    tamper(opened)
    assert reason in reasons(opened, policy(made))


def test_who_changes_the_checksums_too_lacks_the_signature(made: Made, opened: Path) -> None:
    append("CARD.md")(opened)
    seal(opened)
    said = reasons(opened, policy(made))
    assert "the checksums were changed after they were signed" in said
    assert "The statement is about other files" in said


def test_a_swapped_card_is_found_without_a_signature_too(made: Made, opened: Path) -> None:
    card = (opened / "CARD.md").read_text()
    (opened / "CARD.md").write_text(card.replace("not for cargo", "good for everything"))
    seal(opened)
    assert "CARD.md does not say what release.json says" in reasons(opened, Policy())


def test_a_swapped_model_is_found_though_all_checksums_are_right(opened: Path) -> None:
    append("model/model.skops")(opened)
    seal(opened)
    assert "model/model.skops is not the file of this release" in reasons(opened, Policy())


def test_an_extra_file_is_found_though_the_checksums_list_it(opened: Path) -> None:
    (opened / "server/evil.py").write_text("import os")
    seal(opened)
    assert "SHA256SUMS lists it, release.json does not" in reasons(opened, Policy())


def test_another_release_than_was_asked_for_is_refused(made: Made, opened: Path) -> None:
    forge(opened, card={**made.signed.manifest.card, "limits": "None at all."})
    verify.verify(opened, Policy(), into=opened.parent)
    assert "It is another release" in reasons(opened, Policy(digest=made.signed.digest))


def test_a_stranger_is_not_trusted(made: Made, opened: Path, tmp_path: Path) -> None:
    (tmp_path / "signers").write_text(f"eve@example.org {made.eve.with_suffix('.pub').read_text()}")
    said = reasons(opened, policy(made, signers=str(tmp_path / "signers")))
    assert said.count("nobody on the list of allowed signers has this key") == 2


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ('valid-before="20200101"', "expired"),
        ('valid-after="20990101"', "not valid yet"),
        ('namespaces="git"', "may not sign for `mltool`"),
    ],
)
def test_a_key_counts_when_and_where_the_list_says(
    option: str, reason: str, made: Made, opened: Path, tmp_path: Path
) -> None:
    (tmp_path / "signers").write_text(f"ada@example.org {option} {made.ada.with_suffix('.pub').read_text()}")
    assert reasons(opened, policy(made, signers=str(tmp_path / "signers"))).count(reason) == 2


def test_an_unsigned_bundle_is_refused_where_signatures_are_asked_for(made: Made, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="It is not signed"):
        verify.verify(made.bundle.tar, policy(made), into=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_release_cannot_trust_types_by_itself(made: Made, opened: Path) -> None:
    forge(opened, trusted=("os.system",))
    verify.verify(opened, Policy(), into=opened.parent)
    rules = Policy(source="mltool.toml", trusted=("pkg.Ours",))
    assert "types that mltool.toml does not: os.system" in reasons(opened, rules)


def pickled(folder: Path, **changes: Any) -> None:
    content = b"\x80\x04K\x01."
    (folder / "model/model.skops").unlink()
    (folder / "model/model.pkl").write_bytes(content)
    old = manifests.loads((folder / "release.json").read_bytes())
    files = [dataclasses.replace(file, path="model/model.pkl", sha256=sha256(content), size=len(content))
             if file.role == "model" else file for file in old.files]  # fmt: skip
    forge(folder, files=tuple(files), **changes)


def test_a_pickle_is_refused_unless_release_and_policy_allow_it(opened: Path) -> None:
    pickled(opened)
    assert "the release does not say that it may be one" in reasons(opened, Policy())
    forge(opened, pickle=True)
    assert "mltool.toml does not allow it" in reasons(opened, Policy(source="mltool.toml"))
    verify.verify(opened, Policy(source="mltool.toml", pickle=True), into=opened.parent)


def test_a_pickle_by_another_name_is_refused(opened: Path) -> None:
    content = b"\x80\x04K\x01."
    (opened / "model/model.skops").write_bytes(content)
    old = manifests.loads((opened / "release.json").read_bytes())
    files = [dataclasses.replace(file, sha256=sha256(content), size=len(content)) if file.role == "model" else file
             for file in old.files]  # fmt: skip
    forge(opened, files=tuple(files))
    assert "model/model.skops is no .skops file: it begins like a pickle" in reasons(opened, Policy())


def test_a_manifest_from_which_nothing_can_be_written_is_refused(made: Made, opened: Path) -> None:
    broken = dataclasses.replace(made.signed.manifest, inputs={"task": "x"}, python="2.7")
    (opened / "release.json").write_text(manifests.dumps(broken))
    seal(opened)
    assert "cannot be written from its manifest" in reasons(opened, Policy())


def test_a_bundle_from_a_newer_mltool_asks_for_it(opened: Path) -> None:
    document = json.loads((opened / "release.json").read_text()) | {"schema": "mltool.release/7", "tool": "9.1"}
    (opened / "release.json").write_text(json.dumps(document))
    seal(opened)
    with pytest.raises(UserError, match=r"newer mltool \(9\.1\)"):
        verify.verify(opened, Policy(), into=opened.parent)


@pytest.mark.parametrize("missing", ["release.json", "SHA256SUMS"])
def test_a_folder_without_a_manifest_is_no_bundle(missing: str, opened: Path) -> None:
    (opened / missing).unlink()
    with pytest.raises(UserError, match=f"has no {missing}"):
        verify.verify(opened, Policy(), into=opened.parent)


def test_an_archive_by_another_name_is_another_release_and_a_folder_is_the_receivers(
    opened: Path, tmp_path: Path
) -> None:
    archives.write(tmp_path / "other.tar", opened, top="delay-2.0.0")
    assert "called delay-2.0.0, the release in it delay-1.0.0" in reasons(tmp_path / "other.tar", Policy())
    assert verify.verify(opened.rename(tmp_path / "current"), Policy(), into=tmp_path).folder == tmp_path / "current"


def test_only_what_is_written_from_a_manifest_goes_without_a_digest_in_it(opened: Path) -> None:
    (opened / "server/evil.py").write_text("import os")
    forge(opened, generated=("CARD.md", "Dockerfile", "bom.json", "server/evil.py"))
    assert "says that server/evil.py is written from it, and nothing of that name is" in reasons(opened, Policy())


@pytest.mark.parametrize("which", ["bundle", "signed"])
def test_the_image_holds_every_file_of_the_bundle(made: Made, which: str, tmp_path: Path) -> None:
    """Docker's COPY by hand: the server in the image refuses a bundle that lacks a file."""
    folder = verify.verify(getattr(made, which).tar, Policy(), into=tmp_path).folder
    copied = set()
    for line in (folder / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY "):
            *sources, place = line.removeprefix("COPY ").split()
            found = [path for source in sources for path in folder.glob(source)]
            assert found
            inside = [path for each in found for path in (each.rglob("*") if each.is_dir() else [each])]
            copied |= {path for path in inside if path.is_file()}
            assert all(each.is_file() or place == f"./{each.name}" for each in found)
    assert copied == {path for path in folder.rglob("*") if path.is_file()}


def test_nothing_is_overwritten(made: Made, tmp_path: Path) -> None:
    verify.verify(made.bundle.tar, Policy(), into=tmp_path)
    with pytest.raises(UserError, match="exists already"):
        verify.verify(made.bundle.tar, Policy(), into=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["delay-1.0.0"]


def test_people_and_programs_are_told(made: Made, tmp_path: Path) -> None:
    good = mltool(made.repo.folder, "verify", made.signed.tar, "--signers", made.signers)
    assert (good.code, good.out.splitlines()[-1]) == (0, "Good.")
    assert "signed by ada@example.org" in good.out

    folder = tmp_path / "delay-1.0.0"
    shutil.copytree(verify.verify(made.bundle.tar, Policy(), into=tmp_path / "x").folder, folder)
    append("model/model.skops")(folder)
    bad = mltool(made.repo.folder, "verify", folder, "--json")
    assert bad.code == 1
    assert [(each["kind"], each["path"]) for each in bad.json["findings"]] == [("changed", "model/model.skops")] * 2

    none = mltool(made.repo.folder, "verify", made.signers)
    assert (none.code, none.out) == (2, "")
    assert "is no bundle" in none.err


def test_the_policy_is_the_projects(made: Made) -> None:
    folder = made.repo.folder
    config = (folder / "mltool.toml").read_text()
    (folder / "mltool.toml").write_text(config + f'\n[signing]\nallowed_signers = "{made.signers}"\n')
    try:
        assert mltool(folder, "verify", made.signed.tar).code == 0
        refused = mltool(folder, "verify", made.bundle.tar)
        (folder / "mltool.toml").write_text(config + '\n[signing]\nallowed_signers = "nobody"\n')
        absent = mltool(folder, "verify", made.signed.tar)
    finally:
        (folder / "mltool.toml").write_text(config)
    assert (refused.code, "It is not signed" in refused.out) == (1, True)
    assert (absent.code, "does not exist" in absent.err) == (2, True)


def test_every_refusal_is_one_of_ours(made: Made, tmp_path: Path) -> None:
    """Cut a bundle at every kilobyte and flip a bit in every block: never a crash, never accepted."""
    content = made.bundle.tar.read_bytes()
    whole = set()
    for number in range(0, len(content), 4096):
        for name, bad in (("cut", content[:number]), ("flip", _flipped(content, number))):
            (tmp_path / f"{name}.tar").write_bytes(bad)
            try:
                with verify.opened(tmp_path / f"{name}.tar", Policy()):
                    whole.add((name, number))
            except MltoolError:
                continue
    assert whole == set()


def _flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
