"""The figures, their file, and the block that shows them in docs/serve.md."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from benchmarks.serving.servers import ONNX, RIVALS

FILE: Final = Path(__file__).with_name("results.json")
PAGE: Final = FILE.parents[2] / "docs" / "serve.md"
START, END = "<!-- benchmark -->\n", "<!-- /benchmark -->"


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one server took; `crowd` is with 32 connections, the rest with one. CPU is that of all its processes."""

    ready_seconds: float
    installed_mb: float
    memory_mb: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float
    rate: float
    crowd_cpu_ms: float
    crowd_rate: float
    crowd_p99_ms: float


@dataclass(frozen=True, kw_only=True)
class Results:
    """One run: the medians of all rounds."""

    cores: int
    python: str
    rounds: int
    servers: Mapping[str, Figures]


def table(results: Results) -> str:
    """Return one line a server."""
    lines = [
        "| one row a request | CPU-ms | p50 ms | CPU-ms, 32 at a time | requests/s, 32 | ready s | memory MB | installed MB |",  # noqa: E501
        "|---|---:|---:|---:|---:|---:|---:|---:|",
        *(_line(name, each) for name, each in results.servers.items()),
    ]
    return "\n".join(lines)


def ratio(results: Results) -> str:
    """Return how many times less ours takes than the best of the others; needs all servers."""
    ours, rivals = results.servers[ONNX.name], {each.name: results.servers[each.name] for each in RIVALS}
    best = min(rivals, key=lambda name: rivals[name].cpu_ms)
    crowd = min(rivals, key=lambda name: rivals[name].crowd_cpu_ms)
    return (
        f"With ONNX a request takes {rivals[best].cpu_ms / ours.cpu_ms:.0f}× less CPU time than with the best of the "
        f"others ({best}); with 32 connections {rivals[crowd].crowd_cpu_ms / ours.crowd_cpu_ms:.0f}× less ({crowd})."
    )


def block(results: Results) -> str:
    """Return what stands in the page between the markers."""
    about = f"{results.cores} shared cores, Python {results.python}, medians of {results.rounds} rounds in turn."
    return f"{table(results)}\n\n{ratio(results)} {about}\n"


def with_block(text: str, block: str) -> str:
    """Return `text` with `block` between the markers; raises ValueError where they are missing."""
    before, after = text.index(START) + len(START), text.index(END)
    return text[:before] + block + text[after:]


def publish(results: Results) -> None:
    """Rewrite the block in the page."""
    PAGE.write_text(with_block(PAGE.read_text(), block(results)))


def write(results: Results) -> None:
    """Write the results as JSON."""
    rounded = json.loads(json.dumps(asdict(results)), parse_float=lambda text: round(float(text), 4))
    FILE.write_text(json.dumps(rounded, indent=1) + "\n")


def read() -> Results:
    """Return the results in the file."""
    found = json.loads(FILE.read_text())
    return Results(**(found | {"servers": {name: Figures(**each) for name, each in found["servers"].items()}}))


def _line(name: str, each: Figures) -> str:
    return (
        f"| {name} | {each.cpu_ms:.3f} | {each.p50_ms:.2f} | {each.crowd_cpu_ms:.3f} | {each.crowd_rate:,.0f} | "
        f"{each.ready_seconds:.1f} | {each.memory_mb:.0f} | {each.installed_mb:.0f} |"
    )
