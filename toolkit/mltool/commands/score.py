"""`mltool score`: gather what the repository has, judge it, say it."""

import json
import re
import textwrap
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from mltool import disk, dvc, git
from mltool.commands import ledger as ledgers
from mltool.commands.evidence import load_config
from mltool.config import Config
from mltool.score import attested, badge
from mltool.score.facts import Facts
from mltool.score.items import ITEMS, SECTIONS
from mltool.score.judge import Answer, Score, judge
from mltool.score.sources import Tested
from mltool.score.sources import read as read_test
from mltool.snapshot import read
from mltool.snapshot.memo import Memo
from mltool.snapshot.model import Snapshot
from mltool.snapshot.stale import stale
from mltool.snapshot.tree import Tree

SCHEMA: Final = "mltool.score/1"
META: Final = "ml_test_score"
MARKS: Final = {"met": "✓", "by hand": "½", "attested": "½", "open": "✗", "unseen": "?", "people": "·"}
WORKFLOWS = re.compile(
    r"\.github/workflows/[^/]+\.ya?ml|\.github/dependabot\.yml|\.gitlab-ci\.yml|\.circleci/config\.yml"
)
TESTS = re.compile(r"(?:.*/)?(?:test_[^/]*|[^/]*_test)\.py")


def measure(folder: Path, *, today: date | None = None) -> Score:
    """Return the score of the project at `folder`, as its files stand there. Raises UserError.

    `today` (by default the day in UTC) tells which attestations still count.
    """
    return judge(gather(git.find(folder), today=today or datetime.now(UTC).date()))


def gather(project: git.Project, *, today: date) -> Facts:
    """Return what the files and the tags of the repository say; nothing is run and nobody is asked."""
    tree = git.WorkTree(project)
    config = load_config(tree)
    memo, storage = Memo(), dvc.Storage(project.folder)
    surveyed = read.survey(tree, memo)
    filled = dvc.resolve(surveyed.templates, parsing=storage.config.parsing)
    snapshot = read.complete(surveyed, resolved=filled, objects=storage)
    paths = frozenset(tree.paths())
    attested.check(config.attested, items=[item.id for item in ITEMS], paths=paths)
    return Facts(
        config=config,
        snapshot=snapshot,
        paths=paths,
        stale=tuple(stale(snapshot, tree)),
        workflows=_workflows(project, tree),
        tests=tuple(_tests(tree, paths)),
        claims=_claims(surveyed.pipelines),
        models=_models(config, snapshot),
        ledger=ledgers.read(project),
        today=today,
    )


def words(score: Score, *, width: int) -> str:
    """Return the score as text of at most `width` columns."""
    lines = [f"ML Test Score: {score.total:g} of 7, {score.meaning}."]
    for section, points in score.sections.items():
        lines += ["", f"{SECTIONS[section]}: {points:g} of 7"]
        for answer in score.answers:
            if answer.item.section == section:
                lines += _lines(answer, width)
    lines += ["", "✓ met, again in every CI run   ½ there, and nothing repeats it; or attested   ✗ not met"]
    lines += ["? not seen from here   · for people to judge; a marked test or stage counts"]
    return "\n".join(lines) + "\n"


def document(score: Score) -> str:
    """Return the same as one JSON object."""
    answers = [
        {
            "id": answer.item.id,
            "title": answer.item.title,
            "status": answer.status,
            "points": answer.points,
            "evidence": [vars(each) for each in answer.evidence],
            "lacking": answer.lacking,
            "remedy": "" if answer.evidence else answer.item.remedy,
        }
        for answer in score.answers
    ]
    whole = {"schema": SCHEMA, "score": score.total, "meaning": score.meaning, "sections": score.sections}
    return json.dumps({**whole, "items": answers}, indent=2, ensure_ascii=False) + "\n"


def write_badge(score: Score, path: Path) -> None:
    """Write the badge as SVG. Raises UserError where that is not possible."""
    disk.write(path, badge.render(score))


def _lines(answer: Answer, width: int) -> Iterator[str]:
    yield f"{MARKS[answer.status]} {answer.item.id:<10}{answer.item.title}"
    if answer.evidence:
        more = f" and {len(answer.evidence) - 1} more" if len(answer.evidence) > 1 else ""
        yield from _wrapped(f"{answer.evidence[0].says}{more}", width)
        return
    if answer.lacking:
        hidden = "not seen here: " if answer.lacking == answer.item.hidden else ""
        yield from _wrapped(f"{hidden}{answer.lacking}", width)
    if answer.item.remedy:
        yield from _wrapped(f"→ {answer.item.remedy}", width)


def _wrapped(text: str, width: int) -> Iterator[str]:
    for line in textwrap.wrap(text, max(width - 12, 40), break_long_words=False, break_on_hyphens=False):
        yield f"{' ' * 12}{line}"


def _workflows(project: git.Project, tree: Tree) -> dict[str, str]:
    """Return the files of CI systems; they stand at the top of the repository, wherever the project is."""
    top = git.WorkTree(git.Project(root=project.root)) if project.prefix else tree
    found = sorted(path for path in top.paths() if WORKFLOWS.fullmatch(path))
    return {path: content.decode(errors="replace") for path, content in top.read(found).items()}


def _tests(tree: Tree, paths: frozenset[str]) -> Iterator[Tested]:
    for path, content in sorted(tree.read(sorted(path for path in paths if TESTS.fullmatch(path))).items()):
        if (found := read_test(path, content)) is not None:
            yield found


def _claims(pipelines: Any) -> dict[str, tuple[str, ...]]:
    """Return the stages that name items in their `meta`, by item."""
    known = {item.id for item in ITEMS}
    claims: dict[str, tuple[str, ...]] = {}
    for file, document in pipelines.items():
        for name, stage in (document.get("stages") or {}).items():
            meta = stage.get("meta") if isinstance(stage, dict) else None
            named = meta.get(META) if isinstance(meta, dict) else None
            for item in named if isinstance(named, list) else ():
                if item in known:
                    address = name if file == "dvc.yaml" else f"{file}:{name}"
                    claims[item] = (*claims.get(item, ()), address)
    return claims


def _models(config: Config, snapshot: Snapshot) -> dict[str, str]:
    named = {item.name: item.path for item in snapshot.artifacts if item.type == "model" or item.name in config.models}
    return named | {name: model.path for name, model in config.models.items() if model.path}
