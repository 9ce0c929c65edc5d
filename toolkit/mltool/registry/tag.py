"""The names of the ledger's tags: GTO's grammar, and `mltool/…` for what GTO has no word for."""

import re
from dataclasses import dataclass
from typing import Final

from mltool.registry import semver
from mltool.registry.model import EventKind

OWN: Final = "mltool/"
_WORD = "[a-zA-Z0-9](?:[a-zA-Z0-9-/_]*[a-zA-Z0-9])?"
# GTO allows a folder that begins with a dash too: `--upload-pack=m` would be a flag to whoever passes it on.
_MODEL = f"(?:[a-zA-Z0-9_./][a-zA-Z0-9-_./]*=)?{_WORD}"
_FORM = re.compile(
    rf"(?P<model>{_MODEL})(?:#(?P<stage>{_WORD})(?P<out>!)?|@v(?P<version>{semver.PATTERN})(?P<off>!)?|@(?P<gone>deprecated))"
    "(?:#(?P<n>[0-9]{1,18}))?"
)
_OURS = re.compile(rf"{OWN}(?P<kind>approve|hold|unhold|deploy)/(?P<model>{_MODEL})/(?P<n>[0-9]{{1,18}})")
_ALIKE = re.compile(r"@v?[0-9]|#|@deprecated|@created")
_NAME, _STAGE = re.compile(_MODEL), re.compile(_WORD)
_ENDS = {"approve", "hold", "unhold", "deploy"}


@dataclass(frozen=True, kw_only=True)
class Tag:
    """A parsed name: `sequence` is its `#N`, −1 without one; `version` and `stage` are empty where it has none."""

    kind: EventKind
    model: str
    version: str = ""
    stage: str = ""
    sequence: int = -1


def parse(name: str) -> Tag | None:
    """Return the name understood, or None for a tag that is none of ours."""
    if name.startswith(OWN):
        ours = _OURS.fullmatch(name)
        return Tag(kind=ours["kind"], model=ours["model"], sequence=int(ours["n"])) if ours else None  # type: ignore[arg-type]  # the pattern lists kinds
    found = _FORM.fullmatch(name)
    if found is None:
        return None
    model, stage, out, version, off, gone, number = found.groups("")
    return Tag(
        kind="deprecate"
        if gone
        else ("demote" if out else "promote")
        if stage
        else "deregister"
        if off
        else "register",
        model=model,
        version=version,
        stage=stage,
        sequence=int(number or -1),
    )


def looks_alike(name: str) -> bool:
    """Return whether the name would be taken for one of the ledger's, whether it is one or not."""
    return name.startswith(OWN) or _ALIKE.search(name) is not None


def name(kind: EventKind, *, model: str, version: str = "", stage: str = "", sequence: int) -> str:
    """Return the name of the tag that records the event."""
    if kind in _ENDS:
        return f"{OWN}{kind}/{model}/{sequence}"
    if kind == "deprecate":
        return f"{model}@deprecated#{sequence}"
    if kind in ("register", "deregister"):
        return f"{model}@v{version}{'!' if kind == 'deregister' else ''}"
    return f"{model}#{stage}{'!' if kind == 'demote' else ''}#{sequence}"


def is_model(name: str) -> bool:
    """Return whether a model may be called so."""
    return _NAME.fullmatch(name) is not None and not name.startswith(OWN)


def is_stage(name: str) -> bool:
    """Return whether an environment may be called so."""
    return _STAGE.fullmatch(name) is not None


def spelled(model: str) -> str:
    """Return a model's name as tags spell it: DVC writes `folder:name`, tags `folder=name`."""
    return model.replace(":", "=")
