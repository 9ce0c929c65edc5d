"""Make the manifest of a release from a commit and the ledger, and judge it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

from msgspec import structs

from mltool import __version__, disk, git
from mltool.bundle import requirements
from mltool.commands import bound, model_tests
from mltool.commands.compare import Comparison
from mltool.commands.evidence import look as look_closely
from mltool.commands.evidence import verdicts
from mltool.commands.release_asked import Asked, Looked, ask, look
from mltool.errors import OutsideError, UserError
from mltool.gates import card
from mltool.gates.model_tests import judge as judge_tests
from mltool.gates.model_tests import unreadable
from mltool.gates.verdict import Verdict
from mltool.git import signatures
from mltool.registry.model import Ledger
from mltool.release import blessing, origins
from mltool.release import manifest as manifests
from mltool.release.blessing import Blessing
from mltool.release.manifest import Places, Sources
from mltool.release.model import Manifest
from mltool.release.origins import Lineage
from mltool.snapshot import lookup
from mltool.snapshot.edges import Objects
from mltool.snapshot.stale import stale

SERVER = "serving"


def manifest(
    project: git.Project,
    model: str,
    version: str = "",
    bump: str = "",
    revision: str | None = None,
    ledger: Ledger | None = None,
) -> Manifest:
    """Return what `version` of the model consists of, else the next one (`bump`: major, minor or patch).

    It is read from the commit `revision`, never from the work tree: by default the one that the version is registered
    at, else HEAD. `ledger` spares reading it again. Raises UserError for an unknown model or revision, a version that
    another commit has, and for files that are absent or contradict each other; OutsideError for what cannot be fetched.
    Whether a new version may be lower than another one is not asked here: `register` knows backports.
    """
    return describe(ask(project, model, version=version, bump=bump, revision=revision, ledger=ledger))


def describe(asked: Asked, looked: Looked | None = None) -> Manifest:
    """Return the manifest of what was asked for; raises as `manifest` does. `looked` spares looking again."""
    looked = looked or look(asked)
    compared, where, lineage = looked.compared, looked.where, looked.lineage
    return manifests.build(
        Sources(
            model=asked.name,
            version=asked.choice.version,
            tool=__version__,
            git_tree=signatures.tree(asked.project, asked.commit) or "",
            config=asked.config,
            settings=asked.settings,
            places=where,
            tree=asked.tree,
            snapshot=compared.head,
            lineage=lineage,
            stored=_stored(compared, where),
            locked=_locked(asked, where),
            server=server(),
            base=looked.live,
            before=compared.base,
            verdicts=_verdicts(asked, compared, lineage),
            replaces={name: stage.version for name, stage in looked.past.stages.items()},
        )
    )


def bless(asked: Asked, looked: Looked) -> Blessing:
    """Return the judgement on a version, by the best test that can be had here: with the predictions of both sides, and
    the model tests where they were run here, on this commit.

    What was accepted counts where it holds today. Raises UserError for gates that cannot be understood.
    """
    config, compared = asked.config, looked.compared
    about = bound.of(compared, config)
    judged = _verdicts(asked, compared, looked.lineage, today=datetime.now(tz=UTC).date(), row_by_row=True)
    return blessing.build(
        (*judged, *_tested(compared)),
        replace(about, models={asked.name: about.models.get(asked.name, "")}),
        base=looked.live,
        tool=__version__,
        strict=config.ci.undecided == "fail",
    )


def server() -> Mapping[str, bytes]:
    """Return the files of the server that goes into every bundle, by name."""
    found = disk.read_folder(Path(str(files("mltool"))) / SERVER)
    return {name: content for name, content in found.items() if name.endswith(".py")}


def _tested(compared: Comparison) -> tuple[Verdict, ...]:
    """Return the verdict on the model tests where they ran on this commit, or where nobody can read how they ran."""
    try:
        found, _ = model_tests.read(compared)
    except UserError as error:
        return (unreadable(str(error)),)
    return (judge_tests(found),) if found else ()


def _stored(compared: Comparison, where: Places) -> Mapping[str, tuple[str, int | None]]:
    """Return the model's files that DVC stores, each with its hash and its size where the lock knows it."""
    outs = lookup.by_path(compared.head.data)
    found: dict[str, tuple[str, int | None]] = {}
    for path in (where.model, where.onnx):
        place = lookup.place(path, outs)
        if place is not None and lookup.is_directory(place):
            listing = _listing(place, compared.objects)
            found.update((name, (digest, None)) for name, digest in lookup.files(place, listing).items())
        elif place is not None and not place.inside:
            found[path] = (place.out.hash, place.out.size)
    return found


def _listing(place: lookup.Place, objects: Objects) -> Mapping[str, str]:
    content = objects((place.out.hash,)).get(place.out.hash)
    if content is None:
        raise OutsideError(f"Which files {place.out.path} holds cannot be read here.", "Run `dvc fetch`.")
    return lookup.manifest(content)


def _locked(asked: Asked, where: Places) -> Mapping[str, tuple[str, ...]]:
    content = asked.tree.read((where.requirements,)).get(where.requirements)
    if content is None:
        return {}  # `build` says what is missing, with the other files
    try:
        parsed = requirements.parse(content.decode())
    except ValueError as error:
        raise UserError(
            f"{where.requirements} is not locked: {error}.", f"`mltool release lock {asked.name}` writes it."
        ) from error
    found: dict[str, tuple[str, ...]] = {}
    for item in parsed:
        found[item.name] = tuple(dict.fromkeys((*found.get(item.name, ()), item.version)))
    return found


def _verdicts(
    asked: Asked, compared: Comparison, lineage: Lineage, *, today: date | None = None, row_by_row: bool = False
) -> tuple[Verdict, ...]:
    """Return the verdicts on this model alone: in a project of several, the others' metrics and stages are not it.

    By the values of the metrics, which every machine has, or `row_by_row`.
    """
    others = origins.of_others(compared.head, lineage)
    gates = {name: gate for name, gate in asked.config.gates.items() if gate.metric.partition(":")[0] not in others}
    own = structs.replace(
        compared.head,
        stages=tuple(stage for stage in compared.head.stages if stage.address in lineage.related),
        metrics=tuple(item for item in compared.head.metrics if item.path not in others),
    )
    behind = [item for item in stale(compared.head, compared.head_tree) if item.stage in lineage.related]
    config, mine = replace(asked.config, gates=gates), replace(compared, head=own)
    grounds = look_closely(mine, config) if row_by_row else None
    judged = verdicts(mine, config, tuple(behind), grounds=grounds, today=today)
    return (*judged, card.judge(asked.settings.card, model=asked.table))
