"""The ledger's tags in Git: read in one question, fetched, pushed all or not at all."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote

from mltool.errors import OutsideError, UserError
from mltool.git import command
from mltool.git.project import Project
from mltool.registry import tag as names
from mltool.registry import trailers
from mltool.registry.model import TagObject

TAGS: Final = "refs/tags/"
HEADS: Final = "refs/mltool/ledger/"
TIMEOUT = 300.0
TRIES = 5
# The last second of the year 9999: a tagger may claim any number, and no calendar has a later one.
LAST: Final = 253_402_300_799
_FIELDS = ("refname", "objecttype", "objectname", "object", "type", "tag", "taggername", "taggeremail",
           "taggerdate:unix", "contents")  # fmt: skip
_LAYOUT = "--format=" + "".join(f"%({name})%00" for name in _FIELDS)
# What a remote says when somebody else was first.
_LOST = ("stale info", "already exists", "cannot lock ref", "failed to update ref", "fetch first", "non-fast-forward",
         "incorrect old value", "reference already", "but expected")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LedgerRefs:
    """All tags, and the newest event of each model as the ledger's refs name it."""

    tags: tuple[TagObject, ...] = ()
    heads: Mapping[str, TagObject] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """What a remote has: the object of each tag by its name, and of each model's newest event."""

    remote: str
    tags: Mapping[str, str] = field(default_factory=dict)
    heads: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """New tag objects by the name they get, and the object of each model's newest event."""

    tags: Mapping[str, str]
    heads: Mapping[str, str]


def ledger_refs(project: Project) -> LedgerRefs:
    """Return every tag and every ledger ref, in one question to Git."""
    listed = command.answer(project.root, "for-each-ref", _LAYOUT, TAGS, HEADS).decode(errors="replace")
    values = listed.split("\0")
    tags: list[TagObject] = []
    heads = {}
    for at in range(0, len(values) - len(_FIELDS), len(_FIELDS)):
        ref, *rest = values[at : at + len(_FIELDS)]
        ref = ref.lstrip("\n")
        if ref.startswith(TAGS):
            tags.append(_tag(ref.removeprefix(TAGS), rest))
        else:
            heads[unquote(ref.removeprefix(HEADS))] = _tag(rest[4], rest)
    return LedgerRefs(tags=tuple(tags), heads=heads)


def _tag(name: str, values: list[str]) -> TagObject:
    kind, sha, target, target_kind, named, tagger, email, date, message = values
    if kind != "tag":
        return TagObject(name=name, object=sha, commit=sha if kind == "commit" else "", annotated=False)
    words, signed = trailers.words(message)
    return TagObject(
        name=name,
        object=sha,
        commit=target if target_kind == "commit" else "",
        annotated=True,
        tagger=tagger,
        email=email.strip("<>"),
        date=min(int(date or 0), LAST),
        message=words,
        signed=signed,
        named=named,
    )


def fetch_ledger(project: Project, remote: str) -> Upstream:
    """Bring the remote's ledger here: the tags that are missing and the models' refs. A tag that is here stays.

    Raises UserError for an unknown remote, OutsideError where it does not answer.
    """
    for _ in range(TRIES):
        upstream = upstream_refs(project, remote)
        wanted = _missing(project, upstream)
        if not wanted:
            return upstream
        words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no",
                 "--no-auto-maintenance", "--stdin", remote)  # fmt: skip
        result = command.ask(project.root, *words, stdin="\n".join(wanted).encode(), timeout=TIMEOUT)
        if result.code == 0:
            return upstream
        if not any(word in result.err for word in _LOST):
            break
    raise OutsideError(f"Fetching the ledger from `{remote}` failed: {command.reason(result)}.", "Try again.")


def _missing(project: Project, upstream: Upstream) -> list[str]:
    """Return what to fetch: tags that are not here, and refs that are others here."""
    listed = command.answer(project.root, "for-each-ref", "--format=%(objectname) %(refname)", TAGS, HEADS)
    here = {ref: sha for sha, ref in (row.split(" ", 1) for row in os.fsdecode(listed).splitlines())}
    tags = [f"{TAGS}{name}:{TAGS}{name}" for name in upstream.tags if f"{TAGS}{name}" not in here]
    moved = [head_ref(model) for model, sha in upstream.heads.items() if here.get(head_ref(model)) != sha]
    return [*tags, *(f"+{ref}:{ref}" for ref in moved)]


def upstream_refs(project: Project, remote: str) -> Upstream:
    """Return the ledger's refs of the remote; raises UserError for an unknown one, OutsideError for a silent one."""
    if not command.ask(project.root, "config", "--get", f"remote.{remote}.url").out:
        raise UserError(
            f"This repository has no remote `{remote}`.", "Name another one with --remote, or keep it here: --no-push."
        )
    result = command.ask(project.root, "ls-remote", remote, f"{TAGS}*", f"{HEADS}*", timeout=TIMEOUT)
    if result.code:
        raise OutsideError(f"`{remote}` does not answer: {command.reason(result)}.", "Try again, or use --no-push.")
    rows = [row.partition("\t") for row in os.fsdecode(result.out).splitlines() if not row.endswith("^{}")]
    tags = {ref.removeprefix(TAGS): sha for sha, _, ref in rows if ref.startswith(TAGS)}
    return Upstream(
        remote=remote,
        tags={name: sha for name, sha in tags.items() if names.looks_alike(name)},
        heads={unquote(ref.removeprefix(HEADS)): sha for sha, _, ref in rows if ref.startswith(HEADS)},
    )


def head_ref(model: str) -> str:
    """Return the ref that names the model's newest event; `a` and `a/b` can both be models, and not both be refs."""
    return f"{HEADS}{quote(model, safe='=')}"


def push_ledger(project: Project, remote: str, delivery: Delivery, *, expected: Mapping[str, str]) -> str:
    """Push all of it or nothing; return what the remote says where somebody else was first, else an empty string.

    `expected` are the newest events that the remote has to have.

    Raises OutsideError where it does not take it for another reason.
    """
    refs = [f"{sha}:{TAGS}{name}" for name, sha in delivery.tags.items()]
    refs += [f"{new}:{head_ref(model)}" for model, new in delivery.heads.items()]
    leases = [f"--force-with-lease={head_ref(model)}:{expected.get(model, '')}" for model in delivery.heads]
    # A hook before the push would push data (DVC's does), which a tag does not need.
    words = ("push", "--porcelain", "--atomic", "--no-verify", "--no-follow-tags", "--recurse-submodules=no")
    result = command.ask(project.root, *words, *leases, remote, *refs, timeout=TIMEOUT)
    if result.code == 0:
        return ""
    said = result.out.decode(errors="replace") + result.err
    why = _refusal(said) or command.reason(result)
    if any(word in said for word in _LOST):
        return why
    raise OutsideError(
        f"`{remote}` did not take the event: {why}.",
        "Nothing was written, here or there. Check your rights and the protection of tags.",
    )


def record(project: Project, delivery: Delivery, *, expected: Mapping[str, str]) -> bool:
    """Make the refs here, all of them or none; return False where one is there already or has moved.

    Raises UserError where Git cannot write them.
    """
    zero = "0" * len(next(iter(delivery.tags.values())))
    rows = [f"update {TAGS}{name} {sha} {zero}" for name, sha in delivery.tags.items()]
    rows += [f"update {head_ref(model)} {new} {expected.get(model, zero)}" for model, new in delivery.heads.items()]
    stdin = "".join(f"{row}\n" for row in ("start", *rows, "prepare", "commit")).encode()
    result = command.ask(project.root, "update-ref", "--stdin", stdin=stdin)
    if result.code == 0:
        return True
    if any(word in result.err for word in _LOST):
        return False
    raise UserError(f"Git cannot write the event: {command.reason(result)}.")


def _refusal(said: str) -> str:
    """Return what the remote gives as its reason."""
    rows = [row for row in said.splitlines() if row.startswith("!")]
    return next((row.rpartition("\t")[2] for row in rows if "atomic" not in row), "")
