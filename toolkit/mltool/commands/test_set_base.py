"""The base model on the head's test set: run what lies between the two in a checkout of the base, and keep the answer.

The answer is kept beside DVC's own scratch files, under a name made of the base's commit and the test set's hash, so
that nothing can be taken for it that is not it.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from mltool import config as configuration
from mltool import disk, dvc, git, shell
from mltool.commands import test_set
from mltool.commands.compare import Comparison, compare
from mltool.commands.reproduce import failure
from mltool.config import Config
from mltool.dvc.program import program
from mltool.errors import MltoolError, UserError
from mltool.git.worktree import worktree
from mltool.snapshot import lookup, rerun
from mltool.snapshot.model import Output, Snapshot
from mltool.snapshot.rerun import Rerun

Say = Callable[[str], None]
CONFIGURED = (configuration.FILE, configuration.PYPROJECT)
FOLDER = ".dvc/tmp/mltool"
HINT = "`mltool measure base` evaluates the base on it"
LEAKAGE = "mltool.data.leakage"
"""Loaded where there is something to compare: numpy and pyarrow take longer than all the rest."""
LEARNED = "The rows that both test sets share decide."
TABLES = (".parquet", ".csv")
MOST_LEARNED = 0.01
"""The share of the new test set that the base's model may have learned from, beyond that of its own test set, where
rows are the same by chance: more would make a base that knows the answers look better than it is.
"""


@dataclass(frozen=True, kw_only=True)
class Anew:
    """The test set changed. `place` is where the base's predictions on the new one are kept, `name` their identity;
    `why` says in a clause why there are none.
    """

    name: str
    place: Path | None = None
    why: str = ""


def kept(compared: Comparison, config: Config) -> Anew | None:
    """Return what is known of the base on the head's test set; None where the test set is the same, or not known."""
    before, after = test_set.identities(compared, config)
    if compared.base_sha is None or not before or not after or before == after:
        return None
    name, place, note = _places(compared, config, after)
    if place.is_file():
        return Anew(name=name, place=place)
    why = note.read_text(encoding="utf-8") if note.is_file() else HINT
    return Anew(name=name, why=why)


def attempt(folder: Path, *, targets: Callable[[], Iterable[str]], say: Say) -> None:
    """Measure the base anew where the test set changed; whatever stands in the way is one sentence, and no failure."""
    project = git.find(folder)
    if not configuration.load(git.WorkTree(project).read(CONFIGURED)).test_set.path:
        return
    try:
        say(measure(compare(folder, targets=targets()), say=say))
    except MltoolError as error:
        say(f"The base was not evaluated on this change's test set. {error}")


def measure(compared: Comparison, *, say: Say) -> str:
    """Run the base's own code and model on the head's test set, keep its predictions, and return a sentence about it.

    Raises UserError, and keeps the reason for the report, where the base cannot be run so; OutsideError for a remote
    that does not answer.
    """
    config = configuration.load(compared.head_tree.read(CONFIGURED))
    path = config.test_set.path
    if not path:
        raise UserError(f"{configuration.FILE} names no test set.", "Write its `path` under [test_set].")
    found = kept(compared, config)
    if found is None or compared.base_sha is None:
        return f"The base was tested on the same {path}: there is nothing to evaluate anew."
    base = compared.base_sha[:7]
    if found.place:
        return f"The base {base} was evaluated on this {path} before."
    _, place, note = _places(compared, config, test_set.identities(compared, config)[1])
    try:
        with shell.unwinding():
            _run(compared, config, place, say)
    except MltoolError as error:
        disk.write(note, _clause(error.what))
        raise
    note.unlink(missing_ok=True)
    return f"The base {base} is evaluated on this change's {path}."


def _clause(sentence: str) -> str:
    """Return a sentence as the part of another one."""
    text = sentence.strip().removesuffix(".")
    return f"{text[:1].lower()}{text[1:]}" if text[1:2].islower() and "." not in text.partition(" ")[0] else text


def _places(compared: Comparison, config: Config, test: str) -> tuple[str, Path, Path]:
    """Return the identity of the base's predictions on a test set, where they are kept, and where the reason is."""
    bound = "\n".join((compared.base_sha or "", test, config.test_set.path, config.predictions.path))
    name = f"base-{(compared.base_sha or '')[:12]}-{hashlib.sha256(bound.encode()).hexdigest()[:16]}"
    folder = compared.project.folder / FOLDER
    suffix = PurePosixPath(config.predictions.path).suffix
    return name, folder / f"{name}{suffix}", folder / f"{name}.why"


def _run(compared: Comparison, config: Config, into: Path, say: Say) -> None:
    test, predictions = config.test_set.path, config.predictions.path
    models = [model.path for model in config.models.values()]
    planned = rerun.plan(compared.base, test=test, predictions=predictions, models=models)
    if isinstance(planned, str):
        raise UserError(f"{planned[:1].upper()}{planned[1:]}.")
    with worktree(compared.project, compared.base_sha or "") as tree:
        dvc.adopt(compared.project.folder, tree.folder)
        _lay_out(tree, compared.base, planned, test)
        before = _learned(tree, compared.base, planned, test)
        _replace(compared, tree, test)
        _refuse_learned(before, _learned(tree, compared.base, planned, test), test)
        names = tuple(stage.address for stage in planned.stages)
        say(f"Run {', '.join(names)} of the base {(compared.base_sha or '')[:7]} on this change's {test}")
        (tree.folder / predictions).unlink(missing_ok=True)
        words = (*program(), "repro", "--single-item", "--force", "--no-commit", *names)
        done = shell.tee(words, cwd=tree.folder, aside=True, apart=True)
        if done.code:
            problem = failure(done.err, remote=None)
            raise type(problem)(problem.what, "Its own words are above.")
        made = tree.folder / predictions
        if not made.is_file():
            raise UserError(f"The base ran on this change's test set and wrote no {predictions}.")
        into.parent.mkdir(parents=True, exist_ok=True)
        beside = into.with_name(f".{into.name}")
        try:
            shutil.copyfile(made, beside)
            beside.replace(into)
        finally:
            beside.unlink(missing_ok=True)


def _refuse_learned(before: float, after: float, test: str) -> None:
    if after > before + MOST_LEARNED:
        learned = f"The base's model was trained on {100 * after:.3g} % of the rows of this change's {test}"
        raise UserError(f"{learned}, so it would look better than it is.", LEARNED)


def _learned(tree: git.Project, base: Snapshot, planned: Rerun, test: str) -> float:
    """Return which share of the rows at `test` the base's model was trained on, as far as its tables tell."""
    place = tree.folder / test
    if not planned.learned or not place.name.endswith(TABLES) or not all(map(find_spec, ("numpy", "pyarrow"))):
        return 0.0
    storage, outs = dvc.Storage(tree.folder), lookup.by_path(base.data)
    if not place.is_file():
        _copy(storage, tree, _files(storage, outs, test), fetch=test)
    tables = [table for path in planned.learned for table in _tables(storage, tree, outs, path)]
    shares = (import_module(LEAKAGE).share(table, place) for table in tables)
    return max((share for share in shares if share is not None), default=0.0)


def _tables(storage: dvc.Storage, tree: git.Project, outs: Mapping[str, Output], path: str) -> Iterator[Path]:
    """Yield the tables at a path of the base, put into its checkout where they are not there."""
    files = {name: digest for name, digest in _files(storage, outs, path).items() if name.endswith(TABLES)}
    _copy(
        storage,
        tree,
        {name: digest for name, digest in files.items() if not (tree.folder / name).is_file()},
        fetch=path,
    )
    known = files or ([path] if path.endswith(TABLES) and (tree.folder / path).is_file() else [])
    yield from (tree.folder / name for name in known)


def _lay_out(tree: git.Project, base: Snapshot, planned: Rerun, test: str) -> None:
    """Put what the stages read of DVC's into the checkout, but for the test set."""
    storage, outs = dvc.Storage(tree.folder), lookup.by_path(base.data)
    for path in planned.reads:
        if path == test or path.startswith(f"{test}/"):
            continue
        files = {name: digest for name, digest in _files(storage, outs, path).items() if name != test}
        _copy(storage, tree, files, fetch=path)


def _replace(compared: Comparison, tree: git.Project, test: str) -> None:
    """Put the head's test set in the place of the base's."""
    place = tree.folder / test
    if place.is_dir():
        shutil.rmtree(place)
    content = compared.head_tree.read((test,)) if test in compared.head_tree.paths() else {}
    if content:
        disk.write(place, content[test])
        return
    storage = dvc.Storage(compared.project.folder)
    _copy(storage, tree, _files(storage, lookup.by_path(compared.head.data), test), fetch=test)


def _files(storage: dvc.Storage, outs: Mapping[str, Output], path: str) -> Mapping[str, str]:
    """Return the files at a path that DVC keeps, each with its hash; none where Git has it, or nobody."""
    where = lookup.place(path, outs)
    if where is None or not where.out.cached:
        return {}
    if not where.out.hash:
        raise UserError(f"{where.out.path} was never made: dvc.lock has no hash of it.")
    if not lookup.is_directory(where):
        return {path: where.out.hash}
    listing = storage((where.out.hash,)).get(where.out.hash)
    if listing is None:
        raise UserError(f"Which files {where.out.path} holds is nowhere to be read.", "Run `dvc push` where it is.")
    return lookup.files(where, lookup.manifest(listing))


def _copy(storage: dvc.Storage, tree: git.Project, files: Mapping[str, str], *, fetch: str) -> None:
    if len(files) > 1 and any(folder is None for _, folder in storage.config.remotes):
        dvc.run(storage.folder, "fetch", "--quiet", fetch)  # in one go; what does not come is named below
    for name, digest in files.items():
        place = tree.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        dvc.copy(storage, name, digest, place)
