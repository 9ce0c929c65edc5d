"""What the server counts, in the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/)."""

import os
import resource
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from .schema import Prediction

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Histogram:
    """Counts of values up to each bound, their number and their sum."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def lines(self, name: str, labels: str) -> Iterator[str]:
        """Yield the histogram as text."""
        below = 0
        for bound, count in zip((*self.bounds, "+Inf"), self.counts, strict=True):
            below += count
            yield f'{name}_bucket{{{labels},le="{bound}"}} {below}'
        yield f"{name}_sum{{{labels}}} {self.total!r}"
        yield f"{name}_count{{{labels}}} {below}"


class Metrics:
    """All that is counted, from one event loop."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.seconds = Histogram(SECONDS)
        self.rows = 0
        self.in_flight = 0
        self.labels: Counter[str] = Counter()
        self.numbers = Histogram(())
        self.started = time.time()

    def expect(self, bounds: Sequence[float]) -> None:
        """Say where the scores or values of this model lie."""
        self.numbers = Histogram(bounds)

    def predicted(self, predictions: Iterable[Prediction]) -> None:
        """Count predictions by label, and their scores or values."""
        for each in predictions:
            self.rows += 1
            if "label" in each:
                self.labels[str(each["label"])] += 1
            number = each.get("score", each.get("value"))
            if number is not None:
                self.numbers.add(number)

    def text(self, about: Mapping[str, str], *, ready: bool, log: Mapping[str, int]) -> str:
        """Return everything, labelled with model and version; `about` is empty as long as they are not known."""
        labels = ",".join(f'{name}="{escape(about.get(name, ""))}"' for name in ("model", "version"))
        release = f'digest="{about.get("digest", "")}",backend="{about.get("backend", "")}"'
        parts = (
            (*_head("mltool_ready", "gauge", "1 once the golden predictions were replayed, else 0."),),
            (f"mltool_ready{{{labels},{release}}} {int(ready)}",),
            self._requests(labels),
            self._model(labels),
            _log(labels, log),
            _process(self.started),
        )
        return "".join(f"{line}\n" for part in parts for line in part)

    def _requests(self, labels: str) -> Iterator[str]:
        yield from _head("mltool_requests_total", "counter", "Requests by endpoint and status code.")
        for (endpoint, code), count in sorted(self.requests.items()):
            yield f'mltool_requests_total{{{labels},endpoint="{endpoint}",code="{code}"}} {count}'
        yield from _head("mltool_request_seconds", "histogram", "Seconds from a whole request to its answer.")
        yield from self.seconds.lines("mltool_request_seconds", labels)
        yield from _head("mltool_requests_in_flight", "gauge", "Requests to /predict that are being answered.")
        yield f"mltool_requests_in_flight{{{labels}}} {self.in_flight}"

    def _model(self, labels: str) -> Iterator[str]:
        yield from _head("mltool_rows_total", "counter", "Rows that were predicted.")
        yield f"mltool_rows_total{{{labels}}} {self.rows}"
        yield from _head("mltool_predictions_total", "counter", "Predictions by label.")
        for label, count in sorted(self.labels.items()):
            yield f'mltool_predictions_total{{{labels},label="{escape(label)}"}} {count}'
        yield from _head("mltool_prediction", "histogram", "Scores of a binary model, values of a regression.")
        yield from self.numbers.lines("mltool_prediction", labels)


def escape(text: str) -> str:
    """Return `text` as the value of a label."""
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _log(labels: str, counts: Mapping[str, int]) -> Iterator[str]:
    yield from _head("mltool_log_lines_total", "counter", "Predictions that were logged, or could not be.")
    for outcome, count in counts.items():
        yield f'mltool_log_lines_total{{{labels},outcome="{outcome}"}} {count}'


def _process(started: float) -> Iterator[str]:
    times = os.times()
    yield from _head("process_start_time_seconds", "gauge", "When the process started, in seconds since 1970.")
    yield f"process_start_time_seconds {started:.3f}"
    yield from _head("process_cpu_seconds_total", "counter", "CPU time of the process.")
    yield f"process_cpu_seconds_total {times.user + times.system:.2f}"
    yield from _head("process_resident_memory_bytes", "gauge", "Memory of the process.")
    yield f"process_resident_memory_bytes {_resident()}"


def _resident() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        # No /proc: the peak is the nearest that is known (KiB).
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _head(name: str, kind: str, words: str) -> Iterator[str]:
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} {kind}"
