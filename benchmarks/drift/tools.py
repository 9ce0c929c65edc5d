"""The tools that drift is measured beside, and what makes each of them import."""

from dataclasses import dataclass
from typing import Final

OURS: Final = "mltool"
BOUND: Final = "numpy and Arrow by hand"
STORED: Final = "TFDV, statistics stored"


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One tool: its app in `apps/`, its packages with the pins without which it does not import.

    `stores` says that the app of this name writes what the tool keeps of the old table, before it is timed.
    """

    name: str
    app: str
    packages: tuple[str, ...]
    stores: str = ""
    scenarios: bool = True


_TFDV: Final = ("tensorflow-data-validation==1.16.1", "dill", "scipy", "setuptools<81")

TOOLS: Final = (
    Tool(
        name="deepchecks",
        app="deepchecks_drift.py",
        packages=(
            "deepchecks==0.19.1", "numpy<2", "scikit-learn<1.8", "pandas<3", "setuptools<81", "pyarrow<21",
        ),
    ),
    Tool(name="TFDV", app="tfdv_drift.py", packages=_TFDV),
    Tool(name=STORED, app="tfdv_drift.py", packages=_TFDV, stores="tfdv_store.py", scenarios=False),
    Tool(name="NannyML", app="nannyml_drift.py", packages=("nannyml==0.13.1", "statsmodels")),
    Tool(name="Evidently", app="evidently_drift.py", packages=("evidently==0.7.23", "pandas<3", "pyarrow")),
)  # fmt: skip
BOUND_PACKAGES: Final = ("numpy==2.4.6", "pyarrow==26.0.1")
