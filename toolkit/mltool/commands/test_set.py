"""The test set of a head: which one it is, how often it has judged, and whether the base had another."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from mltool import git
from mltool.commands.compare import Comparison
from mltool.config import Config
from mltool.gates import rules, test_set, test_set_leakage
from mltool.gates.test_set import Life, Standing
from mltool.gates.verdict import Verdict
from mltool.git.moves import contents, moves
from mltool.snapshot import locked, lookup, values
from mltool.snapshot.lookup import Place
from mltool.snapshot.model import Output
from mltool.snapshot.tree import Tree


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is looked for in a history: the test set, the predictions, and the metrics by file where there are none."""

    test: str
    predictions: str
    metrics: Mapping[str, tuple[str, ...]]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the files, beside dvc.lock, that can say what stands at a commit."""
        tracked = (self.test, self.predictions, *self.metrics)
        return tuple(dict.fromkeys((*tracked, *(name for path in tracked for name in locked.pointers(path)))))

    def sees(self, path: str) -> bool:
        """Return whether a file is one of them."""
        return path in self.names or path.rpartition("/")[2] == locked.LOCK


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Reads what commits hold, each distinct file once. `contents` are files by their identity."""

    compared: Comparison
    wanted: Wanted
    contents: dict[str, bytes] = field(default_factory=dict)
    known: dict[tuple[str, ...], Output | str | None] = field(default_factory=dict)

    def standing(self, sha: str, files: Mapping[str, str]) -> Standing:
        """Return what the files of a commit, each with its identity, say."""
        model = self.identity(self.wanted.predictions, files) or self._measured(files)
        return Standing(sha=sha, test=self.identity(self.wanted.test, files), model=model)

    def prepare(self, files: Iterable[tuple[str, str]]) -> None:
        """Get the lists of all folders that will be asked about at once: to ask a remote for one takes a second."""
        asked = [(file, identity, path) for file, identity in dict.fromkeys(files)
                 for path in (self.wanted.test, self.wanted.predictions)]  # fmt: skip
        places = ((path, self._recorded(file, identity, path)) for file, identity, path in asked)
        self.compared.objects({found.hash for path, found in places if found and found.path != path})

    def identity(self, path: str, files: Mapping[str, str]) -> str:
        """Return the hash of a path as DVC recorded it, else the identity that it has in Git; empty where untracked."""
        if path in files:
            return f"git:{files[path]}"
        # A file of its own says it before a lock, whose stages may have read an older one.
        order = sorted(files, key=lambda file: not file.endswith(locked.DATA))
        places = [found for file in order if (found := self._recorded(file, files[file], path))]
        nearest = max(places, key=lambda found: len(found.path), default=None)
        if nearest is None or nearest.path == path:
            return nearest.hash if nearest else ""
        return self._inside(nearest, path)

    def _recorded(self, file: str, identity: str, path: str) -> Output | None:
        if not file.endswith((locked.LOCK, locked.DATA)):
            return None
        key = (file, identity, path)
        if key not in self.known:
            self.known[key] = locked.find(file, self.contents.get(identity, b""), path)
        found = self.known[key]
        return found if isinstance(found, Output) else None

    def _inside(self, folder: Output, path: str) -> str:
        """Return the hash of a file in a folder; or, where nobody has its list, that of the folder."""
        listing = self.compared.objects((folder.hash,)).get(folder.hash)
        if listing is None:
            return folder.hash
        where = Place(out=folder, inside=path[len(folder.path) + 1 :])
        return lookup.files(where, lookup.manifest(listing)).get(path, "")

    def _measured(self, files: Mapping[str, str]) -> str:
        """Return the values of the gated metrics, or their files' hashes, as one text; empty where there are none."""
        found = (self._metric_file(path, keys, files) for path, keys in self.wanted.metrics.items())
        return " ".join(filter(None, found))

    def _metric_file(self, path: str, keys: tuple[str, ...], files: Mapping[str, str]) -> str:
        identity = files.get(path, "")
        if identity not in self.contents:
            return self.identity(path, files)
        key = ("metrics", path, identity)
        if key not in self.known:
            leaves = values.metrics(path, self.contents[identity]).values
            self.known[key] = repr([leaves.get(name) for name in keys]) if any(name in leaves for name in keys) else ""
        return str(self.known[key])


def identities(compared: Comparison, config: Config) -> tuple[str, str]:
    """Return the identities of the test set at base and head; empty where a side has none, or none is declared."""
    if not config.test_set.path:
        return "", ""
    ledger = Ledger(compared=compared, wanted=_wanted(config))
    base, head = (_files(ledger, tree) for tree in (compared.base_tree, compared.head_tree))
    return ledger.identity(config.test_set.path, base), ledger.identity(config.test_set.path, head)


@dataclass(frozen=True, kw_only=True)
class Lived:
    """How often the test set has judged, the warning where that is enough, else a note."""

    life: Life | None = None
    verdicts: tuple[Verdict, ...] = ()
    notes: tuple[str, ...] = ()


def life(compared: Comparison, config: Config, verdicts: Iterable[Verdict]) -> Lived:
    """Return how often the head's test set has judged; nothing where none is declared.

    Commits of the target branch count, those of this branch, and what is on disk. Raises UserError for a limit that is
    none.
    """
    if not config.test_set.path:
        return Lived()
    ledger = Ledger(compared=compared, wanted=_wanted(config))
    head = ledger.standing("", _files(ledger, compared.head_tree))
    if not head.test:
        note = f"[test_set]: neither DVC nor Git tracks {config.test_set.path}, so its uses are not counted."
        return Lived(notes=(note,))
    uses, since = test_set.count((*_history(ledger), head), head.test)
    found = test_set.life(
        config,
        test=head.test,
        uses=uses,
        since=since,
        verdicts=verdicts,
        shallow=git.is_shallow(compared.project),
    )
    warned = test_set.judge(found)
    return Lived(life=found, verdicts=(warned,) if warned else (), notes=() if warned else (test_set.note(found),))


def leakage(compared: Comparison, config: Config) -> tuple[tuple[Verdict, ...], tuple[str, ...]]:
    """Return the verdict on what leaks into the test set, where that is gated; else a note, where a fact says so.

    Raises UserError for a share that is none.
    """
    path = config.facts.leakage
    content = compared.head_tree.read((path,)).get(path)
    if content is None and (out := next((out for out in compared.head.data if out.path == path and out.hash), None)):
        content = compared.objects((out.hash,)).get(out.hash)
    found = test_set_leakage.read(path, content) if content is not None else None
    test = _hash(compared, config) if found and config.test_set.leaked is not None else ""
    verdict = test_set_leakage.judge(config, found, test=test)
    if verdict or found is None:
        return (verdict,) if verdict else (), ()
    return (), (found if isinstance(found, str) else test_set_leakage.sentence(found),)


def _hash(compared: Comparison, config: Config) -> str:
    """Return the MD5 of the head's test set, as DVC records it, else of what is there; empty where nothing is."""
    path, identity = config.test_set.path, identities(compared, config)[1]
    content = compared.head_tree.read((path,)).get(path) if not identity.startswith("md5:") else None
    return identity if content is None else f"md5:{hashlib.md5(content, usedforsecurity=False).hexdigest()}"


def _wanted(config: Config) -> Wanted:
    metrics: dict[str, tuple[str, ...]] = {}
    for name, gate in config.gates.items():
        rule = rules.settings(name, gate)
        metrics[rule.path] = (*metrics.get(rule.path, ()), rule.key)
    return Wanted(test=config.test_set.path, predictions=config.predictions.path, metrics=metrics)


def _history(ledger: Ledger) -> Iterator[Standing]:
    """Yield the commits of the target branch, then those of this one, oldest first, that changed what is looked for."""
    compared = ledger.compared
    start = compared.target_sha or compared.base_sha
    if start is None or git.merge_base(compared.project, start, compared.head_sha) == compared.head_sha:
        yield from _walked(ledger, compared.head_sha, {})
        return
    yield from _walked(ledger, start, {})
    base = _files(ledger, compared.base_tree)
    yield replace(ledger.standing(compared.base_sha or "", base), counted=True)
    yield from _walked(ledger, f"{start}..{compared.head_sha}", base)


def _walked(ledger: Ledger, span: str, files: dict[str, str]) -> Iterator[Standing]:
    """Yield what stands at each commit of a span, at whose beginning these files are there."""
    commits = moves(ledger.compared.project, span, names=ledger.wanted.names, endings=(locked.LOCK,))
    read = {blob for move in commits for path, blob in move.files.items() if blob and _is_read(ledger, path)}
    ledger.contents.update(contents(ledger.compared.project, read - ledger.contents.keys()))
    ledger.prepare((path, blob) for move in commits for path, blob in move.files.items())
    for move in commits:
        for path, blob in move.files.items():
            files[path] = blob
            if not blob:
                del files[path]
        yield ledger.standing(move.sha, files)


def _is_read(ledger: Ledger, path: str) -> bool:
    return path.endswith((locked.LOCK, locked.DATA)) or path in ledger.wanted.metrics


def _files(ledger: Ledger, tree: Tree | None) -> dict[str, str]:
    """Return the identities of the files of a tree that say what stands there, having read them."""
    if tree is None:
        return {}
    files = {path: identity for path, identity in tree.paths().items() if ledger.wanted.sees(path)}
    unread = [path for path, identity in files.items() if identity not in ledger.contents and _is_read(ledger, path)]
    ledger.contents.update({files[path]: content for path, content in tree.read(unread).items()})
    return files
