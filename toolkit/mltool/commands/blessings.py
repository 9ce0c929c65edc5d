"""Whether the version that a manifest names was registered on a judgement, and on one about its own commit."""

from mltool import config as configuration
from mltool import dvc, git
from mltool.commands import bound
from mltool.registry.model import Event, Ledger, ModelState
from mltool.release import blessing
from mltool.release import version as versions
from mltool.release.blessing import Standing
from mltool.release.model import Manifest


def standing(project: git.Project, ledger: Ledger, manifest: Manifest) -> Standing:
    """Return how the version's registration stands, compared with what its commit holds; no data is needed.

    A version that is not registered has neither a blessing nor an objection.
    """
    state = ledger.models.get(manifest.model, ModelState(name=manifest.model))
    event = state.registered(manifest.version)
    return Standing() if event is None else of(project, state, event)


def of(project: git.Project, state: ModelState, event: Event) -> Standing:
    """Return how one registration stands, compared with what its commit holds and what was live before it."""
    found = blessing.standing(state, event, None)
    if found.blessing is None:
        return found
    commit, past = event.tag.commit, versions.before(state, event)
    config = configuration.load(git.GitTree(project, commit).read(bound.FILES))
    live = versions.live(past, config.release.environment)
    storage = dvc.Storage(project.folder)
    now = bound.at(
        project,
        commit,
        base=versions.commit_of(past, live) if live else "",
        resolve=lambda templates: dvc.resolve(templates, parsing=storage.config.parsing),
    )
    known, version = blessing.standing(state, event, now), live.version if live else ""
    if known.objection or found.blessing.base == version:
        return known
    said = f"The blessing in {event.tag.name} compares with {found.blessing.base or 'nothing'}"
    was = f"{version} was live before it" if version else "no version was live before it"
    return Standing(objection=f"{said}, and {was}. Register a new version.")
