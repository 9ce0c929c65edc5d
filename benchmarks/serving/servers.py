"""What is measured: each server, what it needs, how it starts, and how it is asked for one row."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

APPS: Final = Path(__file__).with_name("apps")
MODEL: Final = ("scikit-learn==1.9.1", "pandas==3.1.1", "numpy==2.4.6", "joblib==1.6.0")
OURS: Final = ("msgspec==0.22.0", "numpy==2.4.6", "uvicorn==0.54.0")

Row = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Server:
    """One server. `start` makes its command from a Python and a port; `prepare` runs once before, in its folder.

    `ask` makes the body of a request from a row, `answer` takes the score, or the label alone, out of the response.
    """

    name: str
    packages: tuple[str, ...]
    start: Callable[[Path, int], tuple[str, ...]]
    ask: Callable[[Row], Any]
    answer: Callable[[Any], float]
    ready: str
    folder: str = "rival"
    path: str = "/predict"
    prepare: tuple[str, ...] = ()


def _uvicorn(app: str) -> Callable[[Path, int], tuple[str, ...]]:
    return lambda python, port: (
        str(python), "-m", "uvicorn", app, "--port", str(port), "--log-level", "warning", "--no-access-log",
    )  # fmt: skip


def _module(*words: str) -> Callable[[Path, int], tuple[str, ...]]:
    return lambda python, port: (str(python), *words, "--port", str(port))


def _beside(name: str, *words: str) -> Callable[[Path, int], tuple[str, ...]]:
    return lambda python, port: (str(python.with_name(name)), *words, "--port", str(port))


def _ours(name: str, folder: str, *packages: str) -> Server:
    return Server(
        name=name,
        packages=(*OURS, *packages),
        start=_module("-m", "server"),
        ask=dict,
        answer=lambda found: float(found["predictions"][0]["score"]),
        ready="/readyz",
        folder=folder,
    )


ONNX: Final = _ours("mltool, ONNX", "onnx", "onnxruntime==1.31.1")
SKLEARN: Final = _ours("mltool, scikit-learn", "sklearn", "scikit-learn==1.9.1", "skops==0.16.0")

RIVALS: Final = (
    Server(
        name="FastAPI + pandas",
        packages=(*MODEL, "fastapi==0.165.0", "uvicorn[standard]==0.54.0"),
        start=_uvicorn("fastapi_app:app"),
        ask=dict,
        answer=lambda found: float(found["score"]),
        ready="/ready",
    ),
    Server(
        name="MLflow",
        packages=(*MODEL, "mlflow==3.17.2"),
        start=_beside(
            "mlflow", "models", "serve", "-m", "mlmodel", "--env-manager", "local", "--host", "127.0.0.1", "-w", "1"
        ),
        ask=lambda row: {"dataframe_split": {"columns": list(row), "data": [list(row.values())]}},
        answer=lambda found: float(found["predictions"][0][1]),
        ready="/ping",
        path="/invocations",
        prepare=("mlflow_save.py",),
    ),
    Server(
        name="BentoML",
        packages=(*MODEL, "bentoml==1.4.39"),
        start=_beside("bentoml", "serve", "bentoml_app:Delay", "--host", "127.0.0.1"),
        ask=lambda row: {"row": dict(row)},
        answer=lambda found: float(found["score"]),
        ready="/readyz",
    ),
    Server(
        name="LitServe",
        packages=(*MODEL, "litserve==0.2.19"),
        start=lambda python, port: (str(python), "litserve_app.py", str(port)),
        ask=dict,
        answer=lambda found: float(found["score"]),
        ready="/health",
    ),
    Server(
        name="vetiver",
        packages=(*MODEL, "vetiver==0.2.6"),
        start=_uvicorn("vetiver_app:app"),
        ask=lambda row: [dict(row)],
        answer=lambda found: float(found["predict"][0]),
        ready="/ping",
    ),
)

SERVERS: Final = (ONNX, SKLEARN, *RIVALS)


def body(server: Server, row: Row) -> bytes:
    """Return the body of a request for one row."""
    return json.dumps(server.ask(row)).encode()
