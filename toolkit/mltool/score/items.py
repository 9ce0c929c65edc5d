"""The 28 items of the ML Test Score.

Breck, Cai, Nielsen, Salib and Sculley 2017, "The ML Test Score: A Rubric for ML Production Readiness and Technical Debt
Reduction", doi:10.1109/BigData.2017.8258038. The words are ours.
"""

from dataclasses import dataclass
from typing import Final

from mltool.score.facts import Section

SECTIONS: Final[dict[Section, str]] = {
    "data": "Features and data", "model": "Model development", "infra": "Infrastructure", "monitor": "Monitoring"
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item: what should hold, what gets there, and what about it no repository can show (`hidden`).

    `people` says that it is a matter of judgement, which a test can hold to but not make.
    """

    id: str
    title: str
    remedy: str = ""
    hidden: str = ""
    people: bool = False

    @property
    def section(self) -> Section:
        """Return the section that the item belongs to."""
        return next(section for section in SECTIONS if self.id.startswith(f"{section}."))


def _mark(item: str, what: str) -> str:
    return f'{what}, and mark it: @pytest.mark.ml_test_score("{item}")'


ITEMS: Final = (
    Item(
        id="data.1",
        title="What is expected of the data stands in a schema",
        remedy="mltool data infer TABLE --out CONTRACT.yaml, and a stage `mltool data check CONTRACT.yaml TABLE`",
    ),
    Item(id="data.2", title="Every feature helps", remedy=_mark("data.2", "Test what the model loses without each")),
    Item(id="data.3", title="No feature costs more than it helps", people=True),
    Item(
        id="data.4",
        title="Features keep to what policy forbids",
        remedy=_mark("data.4", "Test the model's columns against a list of those it may not have"),
    ),
    Item(id="data.5", title="The pipeline protects privacy", people=True),
    Item(id="data.6", title="A new feature is added quickly", people=True),
    Item(id="data.7", title="The code of the features is tested", remedy="Write a test that imports it"),
    Item(
        id="model.1",
        title="Every model specification is reviewed and in Git",
        hidden="which reviews the forge asks for: `mltool doctor` asks it",
    ),
    Item(
        id="model.2",
        title="Offline metrics go with the ones that count online",
        hidden="what the model does for its users",
    ),
    Item(
        id="model.3",
        title="All hyper-parameters are tuned",
        remedy="Name it in the stage that searches: `meta: {ml_test_score: [model.3]}`",
    ),
    Item(
        id="model.4",
        title="What an old model costs is known",
        remedy=_mark("model.4", "Compare a model of older data with this one"),
    ),
    Item(
        id="model.5", title="A simpler model is not as good", remedy=_mark("model.5", "Compare a linear model with it")
    ),
    Item(
        id="model.6",
        title="The model is good enough on all important slices",
        remedy='slices = ["COLUMN"] in a gate of mltool.toml',
    ),
    Item(
        id="model.7",
        title="The model is tested for fairness",
        remedy='group = "COLUMN" in a gate on a gap, or check.equalised_odds in a test',
    ),
    Item(
        id="infra.1", title="Training is reproducible", remedy='dvc repro, and mltool ci generate with lock = "verify"'
    ),
    Item(id="infra.2", title="The model's code is tested", remedy="check.minimum, check.invariant, … in a test"),
    Item(id="infra.3", title="The whole pipeline is tested together", remedy="mltool ci generate"),
    Item(id="infra.4", title="A model is validated before it is served", remedy="[gates.NAME] in mltool.toml"),
    Item(id="infra.5", title="A single prediction can be followed step by step", people=True),
    Item(
        id="infra.6",
        title="A new model is tried where it is to run before it takes over",
        remedy="[environments.NAME] in mltool.toml, mltool measure export, mltool ci generate",
    ),
    Item(id="infra.7", title="A model can be rolled back", remedy="mltool rollback, once, on purpose"),
    Item(
        id="monitor.1",
        title="Changes of what the model stands on are noticed",
        remedy="Dependabot or Renovate for the project's packages",
    ),
    Item(
        id="monitor.2",
        title="The data keeps its rules in training and in serving",
        remedy="A stage `mltool data check CONTRACT.yaml LOGGED --environment serving`",
    ),
    Item(
        id="monitor.3",
        title="Training and serving compute the same",
        remedy="check.served in a test, or golden rows by mltool measure export",
    ),
    Item(
        id="monitor.4",
        title="Models do not grow old",
        remedy="A workflow with `on: schedule` that runs dvc repro",
    ),
    Item(
        id="monitor.5",
        title="Numbers stay finite",
        remedy="A stage `mltool measure evaluate`, which stops at a prediction that is not",
    ),
    Item(
        id="monitor.6",
        title="Speed and memory do not get worse",
        remedy="A gate on eval/cost.json, a budget of an environment, or check.latency in a test",
    ),
    Item(
        id="monitor.7",
        title="The predictions that are served stay good",
        hidden="the truth about what was served",
    ),
)
