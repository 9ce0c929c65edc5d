"""One revision's files → its Snapshot."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from mltool.snapshot import declared, ignore, lookup, packages, readings, shape, stages, templates, values
from mltool.snapshot.edges import Objects, Resolve, Resolved, Template
from mltool.snapshot.memo import Memo
from mltool.snapshot.model import Output, Problem, Snapshot, Stage, Values
from mltool.snapshot.paths import parents
from mltool.snapshot.stages import PARAMS
from mltool.snapshot.tree import Tree
from mltool.snapshot.values import Unreadable

PIPELINE, LOCK, DATA = "dvc.yaml", "dvc.lock", ".dvc"
_SHAPES: dict[str, shape.Check] = {PIPELINE: shape.pipeline, LOCK: shape.lock}


@dataclass(frozen=True, kw_only=True)
class Survey:
    """The pipeline files of one revision, parsed, before their templates are filled in."""

    tree: Tree
    memo: Memo
    sees: ignore.Seen
    pipelines: Mapping[str, Any]
    locks: Mapping[str, Any]
    data: Mapping[str, Any]
    templates: tuple[Template, ...]
    problems: tuple[Problem, ...]


def read(tree: Tree, *, resolve: Resolve, objects: Objects, memo: Memo) -> Snapshot:
    """Return the pipeline in `tree`.

    Files that cannot be read become problems of the snapshot. Raises UserError for a link out of the repository, and
    what the edges raise.
    """
    surveyed = survey(tree, memo)
    return complete(surveyed, resolved=resolve(surveyed.templates), objects=objects)


def survey(tree: Tree, memo: Memo) -> Survey:
    """Return the pipeline files, so that the templates of several revisions can be filled in together."""
    sees = ignore.seen(tree)
    known = [path for path in tree.paths() if path.endswith((PIPELINE, LOCK, DATA)) and sees(path)]
    names = {
        kind: [path for path in known if posixpath.basename(path) == kind] for kind in (PIPELINE, LOCK)
    } | {DATA: [path for path in known if path.endswith(DATA)]}  # fmt: skip
    loaded = memo.load(tree, known)
    good = {path: _shaped(path, document) for path, document in loaded.items()}
    problems = tuple(values.problem(path, item) for path, item in good.items() if isinstance(item, Unreadable))
    kept = {path: item for path, item in good.items() if not isinstance(item, Unreadable)}
    pipelines = {path: kept[path] for path in names[PIPELINE] if path in kept}
    templated = {path: document for path, document in pipelines.items() if _is_template(tree, memo, path, document)}
    return Survey(
        tree=tree,
        memo=memo,
        sees=sees,
        pipelines=pipelines,
        locks={path: kept[path] for path in names[LOCK] if path in kept},
        data={path: kept[path] for path in names[DATA] if path in kept},
        templates=templates.collect(tree, templated),
        problems=problems,
    )


def complete(found: Survey, *, resolved: Mapping[str, Resolved], objects: Objects) -> Snapshot:
    """Return the snapshot of a survey, with its templates filled in."""
    problems = list(found.problems)
    documents = dict(_documents(found, resolved, problems))
    built, data = _built(found, documents)
    outs = lookup.by_path((*(out for stage in built for out in stage.outs), *data))
    sources = readings.Sources(tree=found.tree, outs=outs, objects=objects, memo=found.memo, sees=found.sees)
    metrics = readings.read(sources, _metric_files(documents, outs), kind="metrics")
    params = readings.read(sources, _param_files(found, documents, built), kind="params")
    locked, unlocked = packages.read(found.tree, found.memo)
    problems += [item.problem for item in (*metrics, *params) if item.problem]
    problems += [values.problem(path, error) for path, error in unlocked]
    return Snapshot(
        stages=built,
        metrics=_there(metrics),
        params=_there((*params, *_used(found, resolved, params))),
        plots=tuple(plot for file, document in documents.items() for plot in declared.plots(file, document)),
        data=tuple(out for out in outs.values() if out.cached or out.kind == "data"),
        artifacts=tuple(
            artifact for file, document in documents.items() for artifact in declared.artifacts(file, document, outs)
        ),
        packages=locked,
        problems=tuple(problems),
    )


def _shaped(path: str, document: Any) -> Any:
    """Return the document if it has the right shape, else why not."""
    if isinstance(document, Unreadable):
        return document
    if not isinstance(document or {}, dict):
        return Unreadable("is no mapping")
    try:
        _SHAPES.get(posixpath.basename(path), shape.data)(document or {})
    except Unreadable as error:
        return error
    return document or {}


def _is_template(tree: Tree, memo: Memo, path: str, document: Any) -> bool:
    return bool(memo.once("template", tree.paths()[path], lambda: templates.is_template(document)))


def _documents(
    found: Survey, resolved: Mapping[str, Resolved], problems: list[Problem]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    filled = {template.file: resolved[template.key] for template in found.templates}
    for file, document in found.pipelines.items():
        answer = filled.get(file)
        if answer is not None:
            document = _unresolved(found, file, answer) if answer.problem else _shaped(file, answer.document)
        if isinstance(document, Unreadable):
            problems.append(values.problem(file, document))
        else:
            yield file, document


def _unresolved(found: Survey, file: str, answer: Resolved) -> Unreadable:
    """Return why templates could not be filled in; a file of values that is broken is named with its line."""
    sources = [path for template in found.templates if template.file == file for path, _ in template.files]
    for path, document in found.memo.load(found.tree, sources).items():
        if isinstance(document, Unreadable):
            return Unreadable(f"takes values from a broken file: {values.problem(path, document).sentence.rstrip('.')}")
    return Unreadable(f"cannot be resolved: {answer.problem.rstrip('.')}")


def _built(found: Survey, documents: dict[str, Mapping[str, Any]]) -> tuple[tuple[Stage, ...], tuple[Output, ...]]:
    """Return the stages and the tracked data; pipeline files inside an output are data themselves."""
    built = {
        file: stages.build(file, document, found.locks.get(posixpath.join(posixpath.dirname(file), LOCK), {}))
        for file, document in documents.items()
    }
    data = {file: stages.outputs(file, document) for file, document in found.data.items()}
    folders = {out.path for made in built.values() for stage in made for out in stage.outs}
    folders |= {out.path for made in data.values() for out in made}
    inside = {file for file in (*built, *data) if not folders.isdisjoint(parents(file))}
    for file in inside:
        documents.pop(file, None)
    return (
        tuple(stage for file, made in built.items() if file not in inside for stage in made),
        tuple(out for file, made in data.items() if file not in inside for out in made),
    )


def _metric_files(
    documents: Mapping[str, Mapping[str, Any]], outs: Mapping[str, Output]
) -> dict[str, readings.Flatten]:
    files = [out.path for out in outs.values() if out.kind == "metric"]
    files += [path for file, document in documents.items() for path in declared.listed(file, document, "metrics")]
    return dict.fromkeys(readings.local(files), values.metric_leaves)


def _param_files(
    found: Survey, documents: Mapping[str, Mapping[str, Any]], built: tuple[Stage, ...]
) -> dict[str, readings.Flatten]:
    """Return each params file with how to flatten it: the keys that stages declare, or all of it."""
    keys: dict[str, list[str]] = {}
    whole = {path for file, document in documents.items() for path in declared.listed(file, document, "params")}
    for stage in built:
        for path, wanted in stage.tracked.items():
            keys.setdefault(path, []).extend(wanted)
            whole.update(() if wanted else (path,))
    if PARAMS in found.tree.paths():
        whole.add(PARAMS)
    files = readings.local((*keys, *sorted(whole)))
    return {
        path: values.param_leaves
        if path in whole
        else partial(values.param_leaves, keys=tuple(dict.fromkeys(keys[path])))
        for path in files
    }


def _used(found: Survey, resolved: Mapping[str, Resolved], params: tuple[Values, ...]) -> Iterator[Values]:
    """Yield the values that templates took from files that no stage declares as params."""
    known = {item.path for item in params}
    used: dict[str, dict[str, Any]] = {}
    for template in found.templates:
        for path, taken in resolved[template.key].used.items():
            if path not in known:
                used.setdefault(path, {}).update(taken)
    for path, taken in used.items():
        yield Values(path=path, values=values.param_leaves(taken))


def _there(read_: tuple[Values, ...]) -> tuple[Values, ...]:
    """Leave out files that are not there: absent is not broken, and the snapshot's problems name them."""
    return tuple(item for item in read_ if item.problem is None or item.problem.kind != "missing")
