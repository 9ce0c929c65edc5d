"""`mltool ci release`: a tag in a job → whether it is what it says, and what the jobs after this one do about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mltool import config, git
from mltool.ci import github_outputs, github_tag
from mltool.ci.github_tag import Asked
from mltool.commands import approvals, blessings, ledger, registry_verify, release_manifest
from mltool.config import Config
from mltool.errors import Exit, RefusedError
from mltool.gates.verdict import Outcome
from mltool.git.ledger import ledger_refs
from mltool.registry.model import Ledger
from mltool.release import blessing, errand
from mltool.release import json as release_json
from mltool.release.blessing import Blessing
from mltool.release.errand import Errand
from mltool.release.model import Manifest
from mltool.report.inert import visible


@dataclass(frozen=True, kw_only=True)
class Edges:
    """The job's environment, and where sentences go."""

    environ: Mapping[str, str]
    say: Callable[[str], None]


def run(project: git.Project, edges: Edges) -> Exit:
    """Judge the tag of this job, tell the jobs after it what to do, and say it in the job's summary.

    Raises UserError for a tag that is none of the ledger's, RefusedError where the ledger was tampered with, the tag
    was moved, the version is on hold or the commit makes another release than the tag names.
    """
    asked = github_tag.load(edges.environ)
    known = _ledger(project, asked)
    found = _errand(project, known, asked)
    _refuse_moved(found, asked)
    lines = [_opening(found)]
    code = Exit.GOOD
    if found.package:
        manifest = _manifest(project, known, found)
        blessed = _blessed(project, known, found, manifest)
        lines += _judged(manifest, blessed)
        code = _code(blessed.outcome if blessed else manifest.outcome, _config(project, found.event.tag.commit))
    lines.append(_closing(found) if code is Exit.GOOD else "Nothing is released.")
    # Reasons are a stranger's: nothing of them may write over a line of the log, or be a command to the runner.
    lines = [visible(line).replace("##[", "## [") for line in lines]
    for line in lines:
        edges.say(line)
    _summarise(edges.environ, lines)
    if code is Exit.GOOD:
        github_outputs.append(edges.environ, outputs(found))
    return code


def outputs(found: Errand) -> dict[str, str]:
    """Return what the jobs after this one are told."""
    return {
        "package": str(found.package).lower(),
        "deploy": str(found.deploy).lower(),
        "model": found.event.model,
        "version": found.event.version,
        "environment": found.environment,
        "commit": found.event.tag.commit,
    }


def _ledger(project: git.Project, asked: Asked) -> Ledger:
    """Return the ledger as the remote has it now; raises RefusedError where that of the tag's model is not whole.

    With a list of allowed signers on the default branch, the tag must be signed by one; what jobs record cannot be. The
    tag's own commit is checked out here, and may name anybody.
    """
    model = asked.tag.partition("@")[0].partition("#")[0]
    for finding in registry_verify.check(
        project, remote=git.ORIGIN, allowed=approvals.allowed_signers(project), judged=False
    ).findings:
        broken = finding.model == model and (finding.stops or finding.kind in ("moved", "deleted", "forked"))
        if broken or (finding.kind == "unsigned" and finding.tag == asked.tag):
            raise RefusedError(
                f"The ledger of {model} is not whole: {finding.sentence}", "`mltool registry verify` has the rest."
            )
    return ledger.read(project)


def _errand(project: git.Project, known: Ledger, asked: Asked) -> Errand:
    commit = next((ref.commit for ref in ledger_refs(project).tags if ref.name == asked.tag), "")
    settings = _config(project, commit) if commit else Config()
    return errand.of(
        known, asked.tag, environment=settings.release.environment, environments=frozenset(settings.environments)
    )


def _refuse_moved(found: Errand, asked: Asked) -> None:
    tag = found.event.tag
    if asked.object and asked.object not in (tag.object, tag.commit):
        raise RefusedError(
            f"{tag.name} is {tag.object[:7]}, and {asked.object[:7]} when it was pushed: it was moved since.",
            "Register a new version instead of moving a tag.",
        )


def _manifest(project: git.Project, known: Ledger, found: Errand) -> Manifest:
    """Return the release that the commit makes; raises RefusedError where that is not the one that the tag names."""
    event = found.event
    made = release_manifest.manifest(
        project, event.model, version=event.version, revision=event.tag.commit, ledger=known
    )
    digest = release_json.digest(made)
    if digest != event.manifest:
        raise RefusedError(
            f"{event.tag.name} names the release {event.manifest[:19]}…, and its commit makes {digest[:19]}….",
            f"Is this the mltool that registered it? `[ci] install` has to name the same version (here: {made.tool}).",
        )
    return made


def _config(project: git.Project, commit: str) -> Config:
    return config.load(git.GitTree(project, commit).read((config.FILE, config.PYPROJECT)))


def _blessed(project: git.Project, known: Ledger, found: Errand, manifest: Manifest) -> Blessing | None:
    """Return the judgement that the version was registered on; None where it stood in the ledger before there were any.

    Raises RefusedError where it has none and should, and for one that is about something else than the commit.
    """
    standing = blessings.standing(project, known, manifest)
    if standing.objection:
        raise RefusedError(standing.objection, f"`mltool log {found.event.model} --json` shows what was judged.")
    return standing.blessing


def _code(outcome: Outcome, settings: Config) -> Exit:
    if outcome is Outcome.UNDECIDED and settings.ci.undecided == "fail":
        return Exit.UNDECIDED
    return Exit.FAILED if outcome is Outcome.FAIL else Exit.GOOD


def _opening(found: Errand) -> str:
    event = found.event
    did = {"register": "registered", "promote": "promoted", "rollback": "rolled back to"}.get(event.kind, event.kind)
    reason = f": {event.reason}" if event.reason else ""
    return f"{event.tag.name}: {event.actor or event.tag.tagger} {did} v{event.version} of {event.model}{reason}."


def _judged(manifest: Manifest, blessed: Blessing | None) -> list[str]:
    base = f"v{manifest.base}" if manifest.base else "no version before it"
    first = f"Its commit makes the release that the tag names ({release_json.digest(manifest)}), compared with {base}."
    if blessed is None:
        said = "It was registered without a blessing, by a mltool that knew none: the values of its metrics decide."
        return [first, said, *(f"{item.outcome}: {item.gate}: {item.sentence}" for item in manifest.verdicts)]
    return [first, f"It was registered with the judgement: {blessed.outcome}.", *blessing.words(blessed)]


def _closing(found: Errand) -> str:
    event = found.event
    if found.package and found.deploy:
        return f"It is packaged, rehearsed, and after the review published and put into {found.environment}."
    if found.package:
        return f"It is packaged, rehearsed and published only. {found.because}"
    if found.deploy:
        return f"v{event.version}, which is published, is put into {found.environment}."
    return f"There is nothing to do. {found.because}"


def _summarise(environ: Mapping[str, str], lines: list[str]) -> None:
    """Show the reviewer what the approval is about. Reasons are free text: nothing of them is Markdown."""
    if path := environ.get("GITHUB_STEP_SUMMARY"):
        text = "\n".join(lines).replace("`", "'")
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"````text\n{text}\n````\n")
