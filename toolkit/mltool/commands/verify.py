"""`mltool verify`: is this bundle what it says, from whom it says, and allowed here; nothing of it is loaded."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from mltool import __version__, archives, disk, signing
from mltool import config as configuration
from mltool.archives import Unpacked
from mltool.bundle import check, layout
from mltool.bundle.check import Finding, Found, Policy
from mltool.commands import bundle_files
from mltool.config import Config
from mltool.errors import RefusedError, UserError
from mltool.registry import tag
from mltool.release import json as manifests
from mltool.release.model import Manifest


@dataclass(frozen=True, kw_only=True)
class VerifiedBundle:
    """A bundle that was found good, as files in a folder.

    `digest` is the release's (`sha256:…`), `signers` those who signed it and are on the list of the policy, `notes`
    what was not judged, in sentences.
    """

    folder: Path
    manifest: Manifest
    digest: str
    signers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What was found in a bundle and what speaks against it; nothing does: it is good."""

    found: Found
    findings: tuple[Finding, ...]
    signers: tuple[str, ...]
    notes: tuple[str, ...]


def policy(config: Config, model: str, *, folder: Path, signers: Path | None = None, digest: str = "") -> Policy:
    """Return what a project allows: `[signing]` and `[models.MODEL]` of its configuration, which lies in `folder`.

    `signers` is another list of allowed signers, `digest` the release that is expected. Raises UserError for a list
    that is not there.
    """
    named = folder / config.signing.allowed_signers if config.signing.allowed_signers else None
    allowed = signers or named
    if allowed is not None and not allowed.is_file():
        raise UserError(f"The list of allowed signers {allowed} does not exist.", "See docs/bundle.md for its format.")
    rules = next((found for name, found in config.models.items() if tag.spelled(name) == tag.spelled(model)), None)
    return Policy(
        source="mltool.toml" if rules else "",
        signers=str(allowed) if allowed else "",
        digest=digest,
        trusted=rules.trusted if rules else (),
        pickle=rules.pickle if rules else False,
        loader=bool(rules and rules.loader),
    )


def verify(bundle: Path, policy: Policy, *, into: Path) -> VerifiedBundle:
    """Return the bundle as a folder in `into`, after everything in it was found good. A folder stays where it is.

    Raises RefusedError with every reason, and then leaves nothing in `into`; UserError for what is no bundle, or one
    that a newer mltool made.
    """
    if bundle.is_dir():
        return _verified(bundle, judge(archives.survey(bundle), policy))
    with archives.beside(into / "bundle") as desk:
        unpacked = archives.unpack(bundle, desk / "files")
        judged = judge(unpacked, policy)
        good = _verified(bundle, judged)
        return replace(good, folder=archives.move(unpacked.folder, into / unpacked.top))


@contextmanager
def opened(bundle: Path, policy: Policy) -> Iterator[VerifiedBundle]:
    """Give the verified bundle as a folder for the time of the `with`; raises as `verify` does."""
    with tempfile.TemporaryDirectory(prefix="mltool-") as folder:
        yield verify(bundle, policy, into=Path(folder))


def judge(unpacked: Unpacked, policy: Policy) -> Judged:
    """Return what speaks against the bundle. Raises UserError for what is no bundle at all."""
    found = bundle_files.read(unpacked, policy)
    known = tuple(dict.fromkeys(signature.signer for signature in found.signatures if signature.signer))
    return Judged(found=found, findings=check.verify(found, policy), signers=known, notes=tuple(_notes(found, policy)))


def _verified(bundle: Path, judged: Judged) -> VerifiedBundle:
    if judged.findings:
        raise refusal(bundle, judged.findings)
    return VerifiedBundle(
        folder=bundle, manifest=judged.found.manifest, digest=judged.found.digest, signers=judged.signers,
        notes=judged.notes,
    )  # fmt: skip


def refusal(bundle: Path, findings: tuple[Finding, ...]) -> RefusedError:
    """Return the error that says every reason."""
    reasons = " ".join(finding.sentence for finding in findings)
    return RefusedError(f"{bundle.name} is refused, and nothing of it was loaded. {reasons}", "Do not use it.")


def inspect(bundle: Path, *, folder: Path, signers: Path | None, digest: str) -> Judged:
    """Return what is found in a bundle by the policy of the project in `folder`, if there is one.

    Raises UserError for what is no bundle, RefusedError for an archive that cannot even be unpacked safely.
    """
    if not bundle.exists():
        raise UserError(f"{bundle} does not exist.", "Name a bundle, or its folder.")
    if bundle.is_dir():
        return _inspected(archives.survey(bundle), folder, signers, digest)
    with tempfile.TemporaryDirectory(prefix="mltool-") as desk:
        return _inspected(archives.unpack(bundle, Path(desk) / "files"), folder, signers, digest)


def _inspected(unpacked: Unpacked, folder: Path, signers: Path | None, digest: str) -> Judged:
    config = configuration.load(disk.read(folder, (configuration.FILE, configuration.PYPROJECT)))
    model = manifests.loads(bundle_files.needed(unpacked, layout.MANIFEST)).model
    return judge(unpacked, policy(config, model, folder=folder, signers=signers, digest=digest))


def _notes(found: Found, policy: Policy) -> Iterator[str]:
    if not policy.source:
        yield "No policy for this model: which types, pickles and loaders are allowed was not judged."
    if not policy.signers:
        signed = found.contents.keys() & {layout.SIGNATURE, layout.STATEMENT}
        what = "The bundle is signed, but no" if signed else "No"
        yield f"{what} list of allowed signers was given: who made it was not judged, only its checksums."
    elif layout.STATEMENT in found.contents and not signing.can_attest():
        yield f"{layout.STATEMENT} was not checked: that needs `pip install 'mltool-ci[sign]'`."
    if not found.generated:
        yield (
            f"Its card, bill of materials and Dockerfile are by mltool {found.manifest.tool}, and this is "
            f"{__version__}: they were compared with {layout.SUMS} only."
        )
