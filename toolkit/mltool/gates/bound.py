"""What a judgement is about, in digests that anybody computes from Git alone: a verdict on something else shows."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mltool.config import Config
from mltool.registry import tag
from mltool.snapshot import lookup
from mltool.snapshot.model import Output, Snapshot
from mltool.snapshot.paths import parents

SHOWN = 15


@dataclass(frozen=True, kw_only=True)
class Bound:
    """What was judged. `code` and `base` are the Git trees of the project on both sides, empty for changes that are
    not committed and for no base.

    `data` is the digest of all that DVC tracks and no stage makes, `gates` that of the rules, `predictions` the hash of
    the head's predictions file (empty: there is none) and `models` that of each model's file. A hash is DVC's
    (`md5:…`), or `git:` and the blob of a file that Git holds.
    """

    code: str
    base: str = ""
    data: str = ""
    gates: str = ""
    predictions: str = ""
    models: Mapping[str, str] = field(default_factory=dict)


def bound(snapshot: Snapshot, config: Config, *, files: Mapping[str, str], rules: bytes, code: str, base: str) -> Bound:
    """Return what a judgement on this head is about.

    `files` are those that Git tracks, with the identity of their content; `rules` is the configuration's part that
    judges (`config.judging`).
    """
    outs = lookup.by_path(snapshot.data) | {out.path: out for stage in snapshot.stages for out in stage.outs}
    models = {tag.spelled(name): path for name, path in _models(snapshot, config).items()}
    return Bound(
        code=code,
        base=base,
        data=_digest(sorted(_sources(snapshot, outs, files).items())),
        gates=f"sha256:{hashlib.sha256(rules).hexdigest()}",
        predictions=_hash(config.predictions.path, outs, files),
        models={name: _hash(path, outs, files) for name, path in sorted(models.items())},
    )


def differs(said: Bound, now: Bound) -> tuple[str, ...]:
    """Return in a few words each what differs; of the models only those that are named in `said`."""
    pairs = {
        "code": (said.code, now.code),
        "data": (said.data, now.data),
        "rules": (said.gates, now.gates),
        "predictions": (said.predictions, now.predictions),
        "base": (said.base, now.base),
        **{f"model {name}": (digest, now.models.get(name, "")) for name, digest in said.models.items()},
    }
    return tuple(
        f"{name} {was[:SHOWN] or 'none'} and {here[:SHOWN] or 'none'}"
        for name, (was, here) in pairs.items()
        if was != here
    )


def _models(snapshot: Snapshot, config: Config) -> Mapping[str, str]:
    named = {item.name: item.path for item in snapshot.artifacts}
    return named | {name: model.path or named.get(name, "") for name, model in config.models.items()}


def _sources(snapshot: Snapshot, outs: Mapping[str, Output], files: Mapping[str, str]) -> Mapping[str, str]:
    made = {out.path for stage in snapshot.stages for out in stage.outs}
    held = {*files, *(folder for path in files for folder in parents(path))}
    read = {
        dep.path: dep.hash
        for stage in snapshot.stages
        for dep in stage.deps
        if dep.path not in held and lookup.place(dep.path, outs) is None
    }
    return read | {out.path: out.hash for out in snapshot.data if out.path not in made}


def _hash(path: str, outs: Mapping[str, Output], files: Mapping[str, str]) -> str:
    if not path:
        return ""
    if path in files:
        return f"git:{files[path]}"
    place = lookup.place(path, outs)
    if place is not None:
        return f"{place.out.hash}/{place.inside}" if place.inside else place.out.hash
    inside = sorted((name, blob) for name, blob in files.items() if name.startswith(f"{path}/"))
    return _digest(inside) if inside else ""


def _digest(value: Iterable[Any]) -> str:
    text = json.dumps(list(value), separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
