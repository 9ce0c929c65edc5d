"""Is this bundle what it says, from whom it says, and allowed here? Decided before anything of it is loaded."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from mltool.bundle import layout
from mltool.release.model import File, Manifest

Kind = Literal["changed", "extra", "missing", "words", "digest", "signature", "types", "pickle", "model", "loader"]

PICKLES: Final = (".joblib", ".pkl", ".pickle")
STARTS: Final = {".skops": b"PK\x03\x04", ".onnx": b"\x08", ".zip": b"PK\x03\x04", ".pt": b"PK\x03\x04"}
HEAD: Final = 16


@dataclass(frozen=True, kw_only=True)
class Content:
    """What one file of a bundle is: its SHA-256 in hexadecimal, its size in bytes and its first `HEAD` bytes."""

    sha256: str
    size: int
    head: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What the receiver allows, never taken from the bundle itself.

    `source` says in words where the policy stands; empty: there is none, and nothing but the checksums is judged.
    `signers` names the list of those whose signature is asked for; empty: no signature is. `digest` is the release
    that is expected (`sha256:…`), empty for any. `trusted`, `pickle` and `loader` are the repository's for this model.
    """

    source: str = ""
    signers: str = ""
    digest: str = ""
    trusted: tuple[str, ...] = ()
    pickle: bool = False
    loader: bool = False


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What was found out about one signature: the signer whom the policy knows, or why there is none."""

    level: Literal["ssh", "dsse"]
    signer: str = ""
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One reason to refuse the bundle."""

    kind: Kind
    path: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """Everything that was read from a bundle, without trusting any of it.

    `top` is what the archive calls its folder, empty for a folder on disk, whose name is the receiver's. `sums` is what
    SHA256SUMS says; `generated` the SHA-256 that CARD.md and its like have when this mltool writes them,
    empty where the bundle comes from another version of it.
    """

    top: str
    contents: Mapping[str, Content]
    sums: Mapping[str, str]
    manifest: Manifest
    generated: Mapping[str, str] = field(default_factory=dict)
    signatures: tuple[Signature, ...] = ()

    @property
    def digest(self) -> str:
        """Return the release's digest."""
        return f"sha256:{self.contents[layout.MANIFEST].sha256}"


def verify(found: Found, policy: Policy) -> tuple[Finding, ...]:
    """Return every reason to refuse the bundle; none: it is good as far as the policy reaches."""
    return (
        *_sums(found),
        *_named(found),
        *_words(found),
        *_signed(found, policy),
        *_digest(found, policy),
        *_models(found),
        *_allowed(found.manifest, policy),
    )


def is_pickle(file: File) -> bool:
    """Return whether loading this file runs what is in it."""
    return file.role == "model" and file.path.endswith(PICKLES)


def _sums(found: Found) -> Iterator[Finding]:
    for path, digest in found.sums.items():
        content = found.contents.get(path)
        if content is None:
            yield Finding(kind="missing", path=path, sentence=f"{path} is missing; {layout.SUMS} lists it.")
        elif content.sha256 != digest:
            sentence = (
                f"{path} was changed: its SHA-256 begins {content.sha256[:12]}, {layout.SUMS} says {digest[:12]}."
            )
            yield Finding(kind="changed", path=path, sentence=sentence)
    for path in sorted(found.contents.keys() - found.sums.keys() - layout.UNSUMMED):
        yield Finding(
            kind="extra", path=path, sentence=f"{path} does not belong there: {layout.SUMS} does not list it."
        )


def _named(found: Found) -> Iterator[Finding]:
    named = {file.path: file for file in found.manifest.files}
    known = {*named, *found.manifest.generated, layout.MANIFEST}
    for path in sorted(found.sums.keys() - known):
        sentence = f"{path} does not belong there: {layout.SUMS} lists it, {layout.MANIFEST} does not."
        yield Finding(kind="extra", path=path, sentence=sentence)
    for path in sorted(known - found.sums.keys()):
        sentence = f"{path} is not in {layout.SUMS}, though {layout.MANIFEST} names it."
        yield Finding(kind="missing", path=path, sentence=sentence)
    for path, file in named.items():
        content = found.contents.get(path)
        if content is not None and (content.sha256 != file.sha256 or (file.size and content.size != file.size)):
            sentence = f"{path} is not the file of this release: {layout.MANIFEST} has the SHA-256 {file.sha256[:12]}…."
            yield Finding(kind="changed", path=path, sentence=sentence)
    for path in sorted(set(found.manifest.generated) - layout.WRITTEN):
        sentence = f"{layout.MANIFEST} says that {path} is written from it, and nothing of that name is."
        yield Finding(kind="extra", path=path, sentence=sentence)
    if found.top and found.top != layout.name(found.manifest):
        sentence = f"The folder is called {found.top}, the release in it {layout.name(found.manifest)}."
        yield Finding(kind="words", path=layout.MANIFEST, sentence=sentence)


def _words(found: Found) -> Iterator[Finding]:
    for path, digest in found.generated.items():
        content = found.contents.get(path)
        if content is not None and content.sha256 != digest:
            sentence = f"{path} does not say what {layout.MANIFEST} says: written from it, it has other bytes."
            yield Finding(kind="words", path=path, sentence=sentence)


def _signed(found: Found, policy: Policy) -> Iterator[Finding]:
    if not policy.signers:
        return
    for signature in found.signatures:
        if signature.problem:
            yield Finding(kind="signature", path=_signature_file(signature), sentence=signature.problem)
    if not found.signatures:
        sentence = f"It is not signed, and the signature of somebody in {policy.signers} is asked for."
        yield Finding(kind="signature", path=layout.SIGNATURE, sentence=sentence)


def _signature_file(signature: Signature) -> str:
    return layout.SIGNATURE if signature.level == "ssh" else layout.STATEMENT


def _digest(found: Found, policy: Policy) -> Iterator[Finding]:
    if policy.digest and found.digest != policy.digest:
        sentence = f"It is another release: {layout.MANIFEST} is {found.digest}, {policy.digest} was asked for."
        yield Finding(kind="digest", path=layout.MANIFEST, sentence=sentence)


def _models(found: Found) -> Iterator[Finding]:
    """A file that is not what its name says is read by another library than the one that was judged."""
    for file in found.manifest.files:
        suffix = f".{file.path.rpartition('.')[2]}"
        content, start = found.contents.get(file.path), STARTS.get(suffix)
        if content is None or start is None or file.role not in ("model", "onnx") or content.head.startswith(start):
            continue
        what = "a pickle" if content.head.startswith(b"\x80") else "something else"
        sentence = f"{file.path} is no {suffix} file: it begins like {what}."
        yield Finding(kind="model", path=file.path, sentence=sentence)


def _allowed(manifest: Manifest, policy: Policy) -> Iterator[Finding]:
    pickles = [file.path for file in manifest.files if is_pickle(file)]
    for path in pickles:
        if not manifest.pickle:
            sentence = f"{path} is a pickle, and the release does not say that it may be one."
            yield Finding(kind="pickle", path=path, sentence=sentence)
    if not policy.source:
        return
    yield from _beyond(manifest, policy, pickles)


def _beyond(manifest: Manifest, policy: Policy, pickles: Iterable[str]) -> Iterator[Finding]:
    """Yield what the release allows itself and the policy does not."""
    if more := sorted(set(manifest.trusted) - set(policy.trusted)):
        sentence = f"The release trusts types that {policy.source} does not: {', '.join(more)}."
        yield Finding(kind="types", path=layout.MANIFEST, sentence=sentence)
    for path in pickles if not policy.pickle else ():
        sentence = f"{path} is a pickle, which runs any code when it is loaded; {policy.source} does not allow it."
        yield Finding(kind="pickle", path=path, sentence=sentence)
    if not policy.loader and any(file.role == "loader" for file in manifest.files):
        sentence = f"The release brings a loader, code of its own; {policy.source} names none for {manifest.model}."
        yield Finding(kind="loader", path="loader.py", sentence=sentence)
