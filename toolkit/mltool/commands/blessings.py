"""Whether the version that a manifest names was registered on a judgement, and on one about its own commit."""

from mltool import dvc, git
from mltool.commands import bound
from mltool.registry.model import Event, Ledger, ModelState
from mltool.release import blessing
from mltool.release import version as versions
from mltool.release.blessing import Standing
from mltool.release.model import Manifest


def standing(project: git.Project, ledger: Ledger, manifest: Manifest) -> Standing:
    """Return how the version's registration stands, compared with what its commit holds; no data is needed.

    A version that is not registered, or that was as another release, has neither a blessing nor an objection.
    """
    state = ledger.models.get(manifest.model, ModelState(name=manifest.model))
    event = state.registered(manifest.version)
    if event is None:
        return Standing()
    found = of(project, state, event)
    if found.blessing and found.blessing.base != manifest.base:
        said = f"The blessing in {event.tag.name} compares with {found.blessing.base or 'nothing'}"
        return Standing(objection=f"{said}, and the release with {manifest.base or 'nothing'}. Register a new version.")
    return found


def of(project: git.Project, state: ModelState, event: Event) -> Standing:
    """Return how one registration stands, compared with what its commit holds."""
    found = blessing.standing(state, event, None)
    if found.blessing is None:
        return found
    before = versions.before(state, event).registered(found.blessing.base)
    storage = dvc.Storage(project.folder)
    now = bound.at(
        project,
        event.tag.commit,
        base=before.tag.commit if before else "",
        resolve=lambda templates: dvc.resolve(templates, parsing=storage.config.parsing),
    )
    return blessing.standing(state, event, now)
