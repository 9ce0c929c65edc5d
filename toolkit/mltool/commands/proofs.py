"""What a finished bundle shows, where an environment's evidence asks for it: a signature, a replay."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from mltool import git
from mltool.commands import approvals, package, publish, verify
from mltool.commands.evidence import load_config
from mltool.commands.verify import VerifiedBundle
from mltool.errors import MltoolError
from mltool.release import json as release_json
from mltool.release.evidence import Proofs
from mltool.release.model import Manifest


def quiet(line: str) -> None:
    """Say nothing."""


def gather(project: git.Project, manifest: Manifest, environment: str, *, say: Callable[[str], None] = quiet) -> Proofs:
    """Return what the published bundle shows, downloading it only where the evidence of `environment` needs it.

    A bundle that is not published, refused or fails its replay shows nothing, and `why_not` says so. Raises UserError
    where a policy cannot be read.
    """
    asked = approvals.evidence_asked(project, manifest, environment) & {"signature", "replay"}
    if not asked:
        return Proofs()
    config = load_config(git.WorkTree(project))
    digest = release_json.digest(manifest)
    try:
        tar = publish.fetch(project, config, manifest.model, manifest.version, digest)
        policy = verify.policy(config, manifest.model, folder=project.folder, digest=digest)
        with verify.opened(tar, policy) as bundle:
            return of(project, bundle, asked, say=say)
    except MltoolError as error:
        return Proofs(why_not=error.what.rstrip("."))


def of(
    project: git.Project, bundle: VerifiedBundle, asked: frozenset[str], *, say: Callable[[str], None] = quiet
) -> Proofs:
    """Return what this bundle shows of what is asked.

    Raises RefusedError for a signature that is not good, and as `package.replayed` does.
    """
    rows = package.replayed(bundle.folder, bundle.manifest, say=say) if "replay" in asked else 0
    signer = _signer(project, bundle) if "signature" in asked else ""
    return Proofs(signer=signer, replayed=f"{rows} rows" if rows else "")


def _signer(project: git.Project, bundle: VerifiedBundle) -> str:
    """Return who signed, of those whom the default branch allows: the commit that is released may name anybody."""
    allowed = approvals.allowed_signers(project)
    if allowed is None:
        return ""
    config = load_config(git.WorkTree(project))
    with tempfile.TemporaryDirectory() as folder:
        signers = Path(folder) / "allowed_signers"
        signers.write_bytes(allowed)
        policy = verify.policy(
            config, bundle.manifest.model, folder=project.folder, signers=signers, digest=bundle.digest
        )
        return ", ".join(verify.verify(bundle.folder, policy, into=Path(folder)).signers)
