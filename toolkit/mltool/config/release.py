"""What is released, where to, and who has to agree."""

from dataclasses import dataclass, field
from typing import Any, Literal

Evidence = Literal["gates", "card", "signature", "onnx", "replay"]


@dataclass(frozen=True, kw_only=True)
class Card:
    """What only people can say about a model. What is missing fails a release; it is never printed as a gap."""

    owner: str = ""
    """Who answers for the model: a person or a team, with an address."""
    intended_use: str = ""
    """What the model is for, and for whom."""
    limits: str = ""
    """Where it must not be used, and what is known to go wrong."""
    license: str = ""
    """The licence of the model, as an SPDX identifier."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model that is released. Its name is the table's, and the `artifacts:` entry of a `dvc.yaml`."""

    path: str = ""
    """The pipeline output that holds the model; empty: the path of the artifact of this name."""
    export: str = ""
    """The folder that `mltool measure export` writes; empty: `release/NAME`."""
    requirements: str = ""
    """What serving installs, with hashes, as `mltool release lock` writes it; empty: `requirements.txt` in `export`."""
    trusted: tuple[str, ...] = ()
    """Types of our own that a skops file may hold, as `package.module.Name`."""
    pickle: bool = False
    """Whether a joblib or pickle file may be released: loading one runs any code that is in it."""
    loader: str = ""
    """A Python file whose `load(folder)` returns a function from rows to predictions, for other frameworks."""
    packages: tuple[str, ...] = ()
    """What serving needs besides what mltool finds out: of a loader everything, such as `torch`; in the versions that
    are installed where the model is exported."""
    card: Card = field(default_factory=Card)


@dataclass(frozen=True, kw_only=True)
class Approvals:
    """Who has to agree before a version goes into an environment."""

    count: int = 0
    """How many different people; 0: nobody is asked."""
    who: tuple[str, ...] = ()
    """Who may: GitHub logins, or e-mail addresses of signers; empty: anyone who can."""
    not_author: bool = True
    """Whether the author of the release's commit may not be one of them."""
    evidence: tuple[Evidence, ...] = ("gates", "card")
    """What must hold before anyone's word counts."""
    expires: str = ""
    """How long an approval is good for: `12h`, `14d`; empty: for ever."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a version may cost where it is to run, measured there before it takes over; None: not looked at."""

    start_seconds: float | None = None
    memory_mb: float | None = None
    p99_ms: float | None = None


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One place where a model runs; its name is the table's, and the stage of the ledger's tags."""

    target: Literal["local", "exec", "compose", "kubernetes", "sagemaker"] = "local"
    url: str = ""
    """Where the model answers, as its users reach it; empty: what the target says."""
    settings: dict[str, Any] = field(default_factory=dict)
    """What the target wants to know; each target's page lists it."""
    approvals: Approvals = field(default_factory=Approvals)
    budget: Budget = field(default_factory=Budget)


@dataclass(frozen=True, kw_only=True)
class Release:
    """Where finished bundles are published."""

    store: Literal["github", "directory", "s3"] = "directory"
    place: str = ""
    """The directory, or `s3://bucket/prefix`; empty: `dist/releases`, and for github the repository itself."""
    environment: str = "prod"
    """The environment that a new version is compared with and released into."""


@dataclass(frozen=True, kw_only=True)
class Signing:
    """Whose signatures count, and whether ours are made."""

    sign: Literal["off", "ssh", "dsse"] = "off"
    """How `mltool release package` signs: with the SSH key that Git signs with, or as an in-toto statement too."""
    allowed_signers: str = ""
    """A file of who may sign, in the format of ssh-keygen; empty: signatures are not asked for."""
