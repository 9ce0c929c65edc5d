"""What is known of a repository, and how an item of the score is answered."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from mltool.config import Config
from mltool.registry.model import Ledger
from mltool.score.sources import Tested
from mltool.snapshot.model import Snapshot, Stage, Stale

Status = Literal["met", "by hand", "attested", "open", "unseen", "people"]
Section = Literal["data", "model", "infra", "monitor"]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Something in the repository that answers an item; `repeated` says that CI does it again and again."""

    says: str
    repeated: bool


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a rule found, and where that is not enough, why."""

    evidence: tuple[Evidence, ...] = ()
    lacking: str = ""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known. `workflows` are the files of CI systems with their text, `tests` the test files as read,
    `claims` the stages that say in their `meta` which items they answer, `models` the path of each model; `today` tells
    which attestations still count.
    """

    config: Config
    snapshot: Snapshot
    paths: frozenset[str] = frozenset()
    stale: tuple[Stale, ...] = ()
    workflows: Mapping[str, str] = field(default_factory=dict)
    tests: tuple[Tested, ...] = ()
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    today: date = date.max

    def running(self, *commands: str) -> tuple[str, ...]:
        """Return the workflows in which one of the commands stands, outside of comments."""
        return tuple(
            path
            for path, text in self.workflows.items()
            if any(re.search(rf"(?<![\w-]){re.escape(command)}(?![\w-])", _bare(text)) for command in commands)
        )

    @property
    def reproduced(self) -> bool:
        """Return whether CI runs the pipeline."""
        return bool(self.running("mltool ci run", "dvc repro"))

    @property
    def tested(self) -> bool:
        """Return whether CI runs the tests: pytest, `mltool test`, or the command of `[ci] tests`."""
        named = self.config.ci.tests.strip().splitlines()[:1]
        return bool(self.running("pytest", "mltool test", *named))

    @property
    def deployed(self) -> bool:
        """Return whether CI deploys."""
        return bool(self.running("mltool ci release", "mltool deploy"))

    def commands(self, pattern: str) -> Iterator[tuple[Stage, "re.Match[str]"]]:
        """Yield each stage with what matches in its command."""
        for stage in self.snapshot.stages:
            for match in re.finditer(pattern, stage.cmd):
                yield stage, match


def _bare(text: str) -> str:
    """Return YAML without its comments, as far as one can tell without reading it: what nobody runs is no evidence."""
    return re.sub(r"(?m)(^|\s)#.*$", "", text)
