"""Golden replay through an address: the same check for every target, wherever the model answers."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from mltool import http
from mltool.errors import MltoolError, UserError
from mltool.serving import golden
from mltool.serving.golden import Difference, Golden, GoldenError
from mltool.targets import bundles
from mltool.targets.target import Delivery, Running

DEADLINE: Final = 120.0


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What a replay found: how many rows were equal, and the sentence of the first one that was not."""

    rows: int
    trouble: str = ""

    @property
    def good(self) -> bool:
        """Return whether every row came back as expected."""
        return not self.trouble


def rows(folder: Path) -> tuple[Golden, ...]:
    """Return the golden rows of a bundle, at least one; raises UserError where they cannot be read."""
    try:
        return golden.read((folder / "golden.jsonl").read_bytes())
    except OSError as error:
        raise UserError(f"Cannot read {folder / 'golden.jsonl'}: {error.strerror}.") from error
    except GoldenError as error:
        raise UserError(f"In {folder}: {error}") from error


def request(url: str, row: Golden) -> http.Request:
    """Return the request that asks for one row."""
    body = msgspec.json.encode(row.row)
    return http.Request(method="POST", url=f"{url}/predict", headers={"content-type": "application/json"}, body=body)


def running(send: http.Send, url: str) -> Running:
    """Return what the endpoint says it runs; raises OutsideError where it does not answer or says something else."""
    answer = send(http.Request(method="GET", url=f"{url}/version"))
    try:
        document = msgspec.json.decode(answer.body) if answer.good else {}
        return Running(version=str(document["version"]), digest=str(document["digest"]))
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise http.MaybeSentError(
            f"{url}/version answers {answer.status} and names no version.", "Is this the address of the model?"
        ) from error


def replay(send: http.Send, url: str, release: Delivery, *, deadline: float = DEADLINE) -> Replay:
    """Send each golden row to `url` and compare what comes back; never raises for what the endpoint does.

    Every answer must name the digest of this release, so that a second one behind the same address is seen.
    `deadline` is in seconds and for all rows.
    """
    tolerance = bundles.tolerance(release.folder)
    until, count = time.monotonic() + deadline, 0
    for row in rows(release.folder):
        trouble = (
            _trouble(send, url, release, row, tolerance=tolerance)
            if time.monotonic() < until
            else f"{url} answered {count} rows in {deadline:.0f} s and is too slow to be checked."
        )
        if trouble:
            return Replay(rows=count, trouble=trouble)
        count += 1
    return Replay(rows=count)


def _trouble(send: http.Send, url: str, release: Delivery, row: Golden, *, tolerance: float) -> str:
    try:
        answer = send(request(url, row))
    except MltoolError as error:
        return f"Golden row `{row.id}`: {error.what}"
    if not answer.good:
        return f"Golden row `{row.id}`: {url} answered {answer.status} {_short(answer.body)}".rstrip()
    digest = answer.headers.get("model-digest", "")
    if digest != release.digest:
        other = digest or "a server that names no digest"
        return f"Golden row `{row.id}` was answered by {other}, not by {release.digest}."
    try:
        found = golden.differences([row], msgspec.json.decode(answer.body)["predictions"], tolerance=tolerance)
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return f"Golden row `{row.id}`: the answer of {url} holds no prediction."
    return f"Golden row `{row.id}`: {' '.join(map(_words, found))}" if found else ""


def _words(found: Difference) -> str:
    return f"`{found.field}` is {found.got}, expected {found.expected}."


def _short(body: bytes) -> str:
    return " ".join(body[:200].decode(errors="replace").split())
