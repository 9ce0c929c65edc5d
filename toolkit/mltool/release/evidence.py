"""What must hold before anybody's word counts: the evidence that an environment asks for, judged from the manifest."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from mltool.gates import card
from mltool.gates.verdict import Outcome
from mltool.release.blessing import Standing
from mltool.release.model import Manifest


@dataclass(frozen=True, kw_only=True)
class Proofs:
    """What the finished bundle itself has shown; empty where that is not known.

    `signer` is whose signature on the bundle was verified, `replayed` where its golden predictions were replayed with
    success in an environment made from its own requirements. `why_not` is why the bundle was not looked at.
    """

    signer: str = ""
    replayed: str = ""
    why_not: str = ""


UNKNOWN: Final = Standing()


def missing(asked: Iterable[str], manifest: Manifest, proofs: Proofs, blessed: Standing = UNKNOWN) -> tuple[str, ...]:
    """Return a sentence for each piece of evidence that is asked for and not there.

    The gates are judged by the blessing that the version was registered with; without one, by the manifest.
    """
    return tuple(answer for kind in asked if (answer := _answer(kind, manifest, proofs, blessed)))


def _answer(kind: str, manifest: Manifest, proofs: Proofs, blessed: Standing) -> str:
    if kind == "gates":
        return blessed.objection or _gates(manifest, blessed)
    if kind in _IN_MANIFEST:
        return _IN_MANIFEST[kind](manifest)
    why = f" ({proofs.why_not})" if proofs.why_not else ""
    if kind == "signature":
        return "" if proofs.signer else f"No verified signature on the bundle is known{why}; evidence `signature`."
    if kind == "replay":
        return "" if proofs.replayed else f"No replay of the golden predictions is known{why}; evidence `replay`."
    return f"Evidence `{kind}` is not known to this version of mltool."


def _gates(manifest: Manifest, blessed: Standing) -> str:
    judged = blessed.blessing.gates if blessed.blessing else manifest.verdicts
    outcome = blessed.blessing.outcome if blessed.blessing else manifest.outcome
    if outcome is Outcome.PASS:
        return ""
    first = next((f": {item.sentence}" for item in judged if item.outcome is outcome and item.level == "fail"), ".")
    said = {
        Outcome.FAIL: f"The gates fail{first}",
        Outcome.UNDECIDED: f"The gates could not decide{first}",
        Outcome.SKIP: "No gate judged a metric.",
    }
    remedy = (
        " Declare one in mltool.toml, or leave `gates` out of the environment's `evidence`."
        if outcome is Outcome.SKIP
        else ""
    )
    return f"{said[outcome]} Evidence `gates` wants a pass.{remedy}"


def _card(manifest: Manifest) -> str:
    lacking = card.lacking(manifest.card)
    if not lacking:
        return ""
    return f"The card lacks {', '.join(lacking)}: fill in [models.{manifest.model}.card] of mltool.toml."


def _onnx(manifest: Manifest) -> str:
    if any(file.role == "onnx" for file in manifest.files):
        return ""
    return "The release has no ONNX model; evidence `onnx` wants one that predicts the same."


_IN_MANIFEST: Final[Mapping[str, Callable[[Manifest], str]]] = {"card": _card, "onnx": _onnx}
