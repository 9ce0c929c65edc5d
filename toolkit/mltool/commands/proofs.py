"""What a finished bundle shows, where an environment's evidence asks for it: a signature, a replay."""

from collections.abc import Callable, Iterable

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
    digest = release_json.digest(manifest)
    config = load_config(git.WorkTree(project))
    try:
        tar = publish.fetch(project, config, manifest.model, manifest.version, digest)
        policy = verify.policy(config, manifest.model, folder=project.folder, digest=digest)
        with verify.opened(tar, policy) as bundle:
            return of(bundle, asked, say=say)
    except MltoolError as error:
        return Proofs(why_not=error.what.rstrip("."))


def of(bundle: VerifiedBundle, asked: Iterable[str], *, say: Callable[[str], None]) -> Proofs:
    """Return what this bundle shows; its golden predictions are replayed only where that is asked.

    Raises as `package.replayed` does.
    """
    rows = package.replayed(bundle.folder, bundle.manifest, say=say) if "replay" in asked else 0
    return Proofs(signer=", ".join(bundle.signers), replayed=f"{rows} rows" if rows else "")
