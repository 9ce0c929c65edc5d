"""Which facts answer which item. An item without a rule is answered by tests and stages that say they do."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from mltool.config import Budget
from mltool.score.facts import Evidence, Facts, Found
from mltool.snapshot import lineage
from mltool.snapshot.model import Stage

Rule = Callable[[Facts], Found]
CHECKED = r"mltool data check (?P<contract>\S+)(?P<rest>[^&|;\n]*)"
BEHAVIOUR = ("minimum", "invariant", "directional", "stable", "deterministic", "calibrated")
OURS = frozenset({"model", "predict", "predictions"})
WATCHED = ("pip", "uv", "poetry", "conda", "pipenv")


def contract(facts: Facts) -> Found:
    """A stage checks its data by a contract that is in Git."""
    return Found(
        evidence=tuple(
            Evidence(says=f"stage {stage.address} checks {match['contract']}", repeated=facts.reproduced)
            for stage, match in facts.commands(CHECKED)
            if match["contract"] in facts.paths
        )
    )


def feature_code(facts: Facts) -> Found:
    """Every Python file of the stages before the model is imported by a test."""
    return _imported(facts, {path for stage in _before(facts) for path in _code(facts, stage)})


def model_code(facts: Facts) -> Found:
    """Tests ask the model, or import the code that trains it."""
    asked = _calls(facts, BEHAVIOUR)
    if asked.evidence:
        return asked
    return _imported(facts, {path for stage in _makers(facts) for path in _code(facts, stage)})


def slices(facts: Facts) -> Found:
    """A gate judges slices."""
    judged = {name: gate.slices for name, gate in facts.config.gates.items() if gate.slices}
    if judged:
        repeated = bool(facts.running("mltool report", "mltool gate"))
        says = "; ".join(f"gate {name} judges {', '.join(columns)}" for name, columns in judged.items())
        return Found(evidence=(Evidence(says=says, repeated=repeated),))
    path = facts.config.facts.slices
    made = any(out.path == path for stage in facts.snapshot.stages for out in stage.outs)
    return Found(lacking=f"{path} is measured, and no gate judges it" if made else "")


def inclusion(facts: Facts) -> Found:
    """A gate or a test compares groups."""
    judged = {name: gate.group for name, gate in facts.config.gates.items() if gate.group}
    if judged:
        repeated = bool(facts.running("mltool report", "mltool gate"))
        says = "; ".join(f"gate {name} compares the groups of {column}" for name, column in judged.items())
        return Found(evidence=(Evidence(says=says, repeated=repeated),))
    return _calls(facts, ("demographic_parity", "equalised_odds"))


def reproducible(facts: Facts) -> Found:
    """dvc.lock records every stage, is what the commit makes, and CI makes it again."""
    stages = facts.snapshot.stages
    if not stages:
        return Found(lacking="there is no pipeline")
    if never := [stage.address for stage in stages if not stage.locked]:
        return Found(lacking=f"{never[0]} never ran: dvc.lock does not know it")
    if facts.stale:
        return Found(lacking=f"dvc.lock is behind: {facts.stale[0].stage} {facts.stale[0].reason}")
    repeated = facts.reproduced and facts.config.ci.lock == "verify"
    says = f"dvc.lock records all {len(stages)} stages" + (", and CI runs and compares them" if repeated else "")
    return Found(evidence=(Evidence(says=says, repeated=repeated),))


def integration(facts: Facts) -> Found:
    """CI runs the pipeline."""
    return _workflows(facts, "mltool ci run", "dvc repro", says="runs the pipeline")


def quality_gate(facts: Facts) -> Found:
    """Gates judge the model before it is released."""
    if not facts.config.gates:
        return Found()
    repeated = bool(facts.running("mltool report", "mltool gate", "mltool ci release"))
    return Found(evidence=(Evidence(says=f"gates: {', '.join(facts.config.gates)}", repeated=repeated),))


def canary(facts: Facts) -> Found:
    """A new version answers its golden rows where it is to run, before it takes over."""
    if not facts.config.environments:
        return Found()
    golden = _golden(facts)
    if not golden:
        return Found(lacking="environments are declared, and no golden rows are in Git")
    says = f"mltool deploy replays {', '.join(golden)} in {', '.join(facts.config.environments)}"
    return Found(evidence=(Evidence(says=says, repeated=facts.deployed),))


def rollback(facts: Facts) -> Found:
    """The ledger has a rollback: it was done, not only written down."""
    done = [
        event
        for model in facts.ledger.models.values()
        for event in model.events
        if event.kind == "rollback"
    ]  # fmt: skip
    if done:
        says = f"{done[-1].model} was rolled back to {done[-1].version} in {done[-1].stage} ({done[-1].tag.name})"
        return Found(evidence=(Evidence(says=says, repeated=facts.deployed),))
    return Found(lacking="no rollback is in the ledger, so nobody knows that it works")


def dependencies(facts: Facts) -> Found:
    """Somebody is told when a package that the model stands on changes."""
    renovate = next((path for path in sorted(facts.paths) if path.endswith(("renovate.json", "renovate.json5"))), "")
    if renovate:
        return Found(evidence=(Evidence(says=f"{renovate} watches packages", repeated=True),))
    bot = facts.workflows.get(".github/dependabot.yml", "")
    watched = re.findall(rf"package-ecosystem:\s*[\"']?({'|'.join(WATCHED)})\b", bot)
    if watched:
        return Found(evidence=(Evidence(says=f".github/dependabot.yml watches {watched[0]}", repeated=True),))
    return Found(lacking=".github/dependabot.yml watches no Python packages" if bot else "")


def invariants(facts: Facts) -> Found:
    """The contract is held against what is served too."""
    found = [(stage, match) for stage, match in facts.commands(CHECKED) if match["contract"] in facts.paths]
    both = [stage for stage, match in found if "--environment" in match["rest"]]
    if not both:
        return Found(lacking="the contract is held against training data alone" if found else "")
    says = f"stage {both[0].address} checks the data of an environment"
    return Found(evidence=(Evidence(says=says, repeated=facts.reproduced),))


def skew(facts: Facts) -> Found:
    """A test compares the served model with the trained one, or each deployment replays golden rows."""
    tested = _calls(facts, ("served",))
    return tested if tested.evidence else replace(canary(facts), lacking="")


def staleness(facts: Facts) -> Found:
    """A schedule runs the pipeline."""
    timed = {path for path, text in facts.workflows.items() if re.search(r"(?m)^\s*schedule:", text)}
    found = [path for path in facts.running("mltool ci run", "dvc repro") if path in timed]
    says = "runs the pipeline on a schedule"
    return Found(evidence=tuple(Evidence(says=f"{path} {says}", repeated=True) for path in found))


def numbers(facts: Facts) -> Found:
    """A missing or infinite prediction stops the pipeline."""
    return Found(
        evidence=tuple(
            Evidence(says=f"stage {stage.address} stops at a missing or infinite prediction", repeated=facts.reproduced)
            for stage, _ in facts.commands(r"mltool measure evaluate\b")
        )
    )


def cost(facts: Facts) -> Found:
    """A gate, a test or a budget limits what predicting costs."""
    path = facts.config.facts.cost
    gates = [name for name, gate in facts.config.gates.items() if gate.metric.partition(":")[0] == path]
    if gates:
        repeated = bool(facts.running("mltool report", "mltool gate"))
        return Found(evidence=(Evidence(says=f"gate {gates[0]} judges {path}", repeated=repeated),))
    for name, place in facts.config.environments.items():
        if place.budget != Budget():
            says = f"environment {name} has a budget, measured before each switch"
            return Found(evidence=(Evidence(says=says, repeated=facts.deployed),))
    tested = _calls(facts, ("latency", "memory"))
    made = any(out.path == path for stage in facts.snapshot.stages for out in stage.outs)
    return tested if tested.evidence or not made else Found(lacking=f"{path} is measured, and nothing limits it")


RULES: Mapping[str, Rule] = {
    "data.1": contract,
    "data.7": feature_code,
    "model.6": slices,
    "model.7": inclusion,
    "infra.1": reproducible,
    "infra.2": model_code,
    "infra.3": integration,
    "infra.4": quality_gate,
    "infra.6": canary,
    "infra.7": rollback,
    "monitor.1": dependencies,
    "monitor.2": invariants,
    "monitor.3": skew,
    "monitor.4": staleness,
    "monitor.5": numbers,
    "monitor.6": cost,
}


def claimed(facts: Facts, item: str) -> tuple[Evidence, ...]:
    """Return the tests that are marked with an item, and the stages whose `meta` names it."""
    tests = (
        Evidence(says=f"{file.path}::{name}", repeated=facts.tested)
        for file in facts.tests
        for name, items in file.marks.items()
        if item in items
    )
    ran = {stage.address for stage in facts.snapshot.stages if stage.locked}
    stages = (
        Evidence(says=f"stage {name}", repeated=facts.reproduced) for name in facts.claims.get(item, ()) if name in ran
    )
    return (*tests, *stages)


def _calls(facts: Facts, names: tuple[str, ...]) -> Found:
    """Return the tests that call one of our checks, of the models and predictions that the fixtures give."""
    return Found(
        evidence=tuple(
            Evidence(says=f"{file.path}::{test} ({', '.join(called)})", repeated=facts.tested)
            for file in facts.tests
            for test, checks in file.checks.items()
            if (called := [name for name in dict.fromkeys(checks) if name in names])
            and not OURS.isdisjoint(file.fixtures[test])
        )
    )


def _workflows(facts: Facts, *commands: str, says: str) -> Found:
    return Found(
        evidence=tuple(Evidence(says=f"{path} {says}", repeated=True) for path in facts.running(*commands))
    )  # fmt: skip


def _imported(facts: Facts, code: set[str]) -> Found:
    by_test = {file.path: file.imports for file in facts.tests}
    names = {path: path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in code}
    tests = {
        path: next((test for test, modules in by_test.items() if any(_same(module, name) for module in modules)), "")
        for path, name in sorted(names.items())
    }
    if not tests:
        return Found()
    if untested := [path for path, test in tests.items() if not test]:
        return Found(lacking=f"no test imports {', '.join(untested)}")
    says = f"{', '.join(tests)}: imported by {', '.join(dict.fromkeys(tests.values()))}"
    return Found(evidence=(Evidence(says=says, repeated=facts.tested),))


def _same(module: str, name: str) -> bool:
    """Return whether an import is of this file: `features` and `pkg.features` both are of `src/pkg/features.py`."""
    return module == name or name.endswith(f".{module}") or module.startswith(f"{name}.")


def _makers(facts: Facts) -> tuple[Stage, ...]:
    models = set(facts.models.values())
    return tuple(
        stage
        for stage in facts.snapshot.stages
        if any(model == out.path or model.startswith(f"{out.path}/") for out in stage.outs for model in models)
    )


def _before(facts: Facts) -> tuple[Stage, ...]:
    makers = {stage.address for stage in _makers(facts)}
    pairs = lineage.edges(lineage.feeds(facts.snapshot.stages))
    behind = lineage.downstream(dict.fromkeys(makers, ""), [(consumer, producer) for producer, consumer in pairs])
    return tuple(stage for stage in facts.snapshot.stages if stage.address in set(behind) - makers)


def _code(facts: Facts, stage: Stage) -> tuple[str, ...]:
    return tuple(dep.path for dep in stage.deps if dep.path.endswith(".py") and dep.path in facts.paths)


def _golden(facts: Facts) -> tuple[str, ...]:
    folders = [model.export or f"release/{name}" for name, model in facts.config.models.items()]
    return tuple(path for folder in folders if (path := f"{folder}/golden.jsonl") in facts.paths)
