"""The page of one planned release: what would happen, what is missing, and what it consists of."""

from collections.abc import Iterator, Sequence
from typing import Final

from mltool.gates.verdict import Outcome, Verdict
from mltool.release.blessing import Judged
from mltool.release.model import File, Input, Manifest, Metric
from mltool.release.plan import Plan, carried, missing, steps
from mltool.report import figures
from mltool.report.blocks import (
    Block,
    Bullets,
    Code,
    Column,
    Group,
    Groups,
    Line,
    Page,
    Paragraph,
    Row,
    Section,
    Strong,
    Table,
    Tone,
    prose,
)
from mltool.report.headline import MARKS, SHORT
from mltool.report.model import PlannedRelease
from mltool.report.releases import SHOWN, short

MOST_ROWS: Final = 30
_ORIGINS: Final = ("data", "params", "code")


def foresee(
    manifest: Manifest, environment: str, *, digest: str, registered: bool, lacking: Sequence[str]
) -> PlannedRelease:
    """Return what the report says of a manifest that would go into `environment`."""
    place = next((place for place in manifest.destinations if place.environment == environment), None)
    return PlannedRelease(
        model=manifest.model,
        version=manifest.version,
        environment=environment,
        replaces=place.replaces if place else "",
        registered=registered,
        outcome=manifest.outcome,
        digest=digest,
        files=len(manifest.files) + len(manifest.generated),
        size=sum(file.size for file in manifest.files),
        missing=tuple(lacking),
    )


def page(plan: Plan) -> Page:
    """Return the plan in words: what would happen, what is missing, and what the release consists of."""
    icon, tone, _ = MARKS[plan.outcome]
    return Page(
        key="",
        outcome=plan.outcome,
        tone=tone,
        icon=icon,
        title=_title(plan),
        sentences=tuple(_sentences(plan)),
        compared=_compared(plan),
        sections=tuple(_sections(plan)),
        footer=(plan.digest,),
    )


def _title(plan: Plan) -> str:
    release = plan.manifest
    name = f"{release.model} v{release.version}"
    if plan.outcome is Outcome.FAIL:
        return f"{name} {'cannot be relied on' if plan.blessed.objection else 'fails its gates'}"
    place = plan.destination
    if place is None:
        return f"{name} would be published"
    if place.replaces == release.version:
        return f"{name} is in {plan.environment}"
    return f"{name} would {f'replace v{place.replaces}' if place.replaces else 'be the first'} in {plan.environment}"


def _sentences(plan: Plan) -> Iterator[Line]:
    if plan.blessed.objection:
        yield prose(plan.blessed.objection, strong=True)
    blocking = [item for item in _judged(plan) if item.outcome is Outcome.FAIL and item.level == "fail"]
    yield from (prose(item.sentence, strong=True) for item in blocking[:3])
    if len(blocking) > 3:
        yield (f"… and {figures.count(len(blocking) - 3, 'more gate')}, below.",)
    if not blocking and not plan.blessed.objection:
        said = {
            Outcome.PASS: "No gate stands in its way.",
            Outcome.UNDECIDED: "A gate could not decide.",
            Outcome.SKIP: "No gate judged a metric.",
        }
        yield (Strong(said.get(plan.outcome, "")),)
    yield prose(plan.why)


def _compared(plan: Plan) -> tuple[Line, ...]:
    base = plan.manifest.base
    commit = Code(plan.commit[:SHORT])
    if not base:
        return ((commit, f" has nothing to be compared with: no version is live in {plan.environment}."),)
    return ((commit, " compared with ", Code(f"v{base}"), f", live in {plan.environment} before it."),)


def _sections(plan: Plan) -> Iterator[Section]:
    release = plan.manifest
    if lacking := missing(plan.standings):
        blocks: tuple[Block, ...] = (Bullets(tuple(prose(sentence) for sentence in lacking)),)
        yield Section(name="missing", title="Missing before it may go in", blocks=blocks, importance=95)
    if given := tuple(_given(plan)):
        yield Section(name="approvals", title="Approvals", blocks=(Bullets(given),), importance=90)
    doing = Bullets(tuple(prose(step) for step in steps(plan)))
    yield Section(name="steps", title="What would be done", blocks=(doing,), importance=85)
    if release.metrics:
        yield Section(name="metrics", title="Metrics", blocks=(_metrics(release),), importance=80)
    if judged := _judged(plan):
        yield Section(name="gates", title="Gates", blocks=(_gates(judged),), importance=75)
    yield Section(name="files", title="Files", blocks=(_files(release),), importance=70)
    yield Section(
        name="origins",
        title="Made from",
        blocks=(_origins(release),),
        importance=60,
        folded=True,
        summary=", ".join(f"{len(getattr(release, name))} {name}" for name in _ORIGINS),
    )
    packages = ", ".join(f"{name} {version}" for name, version in sorted(release.environment.items()))
    yield Section(
        name="environment",
        title="Environment",
        blocks=(Paragraph((f"Python {release.python}: {packages}.",)),),
        importance=50,
        folded=True,
        summary=f"Python {release.python}, {figures.count(len(release.environment), 'package')}",
    )


def _given(plan: Plan) -> Iterator[Line]:
    for standing in plan.standings:
        for approval in standing.given:
            yield (f"{standing.environment}: {approval.person} agrees (", Code(approval.about), ").")
        for refused in standing.refused:
            yield (
                f"{standing.environment}: that of {refused.approval.person} does not count. ",
                *prose(refused.reason),
            )
        yield from (prose(sentence) for sentence in standing.unseen)


def _metrics(release: Manifest) -> Table:
    columns = [Column("Metric")]
    if release.base:
        columns.append(Column(f"Live (v{release.base})", "right"))
    columns.append(Column(f"v{release.version}", "right"))
    if release.base:
        columns.append(Column("Difference", "right"))
    several = len({item.path for item in release.metrics}) > 1
    rows = tuple(_metric(item, based=bool(release.base), several=several) for item in release.metrics[:MOST_ROWS])
    left = len(release.metrics) - len(rows)
    return Table(tuple(columns), rows, more=f"… and {left:,} more." if left > 0 else "")


def _metric(item: Metric, *, based: bool, several: bool) -> Row:
    was, now = figures.beside(item.key, (item.base, item.value))
    name = Code(f"{item.path}:{item.key}" if several else item.key)
    if not based:
        return Row(((name,), (now,)))
    return Row(((name,), (was,), (now,), (figures.difference(item.key, item.base, item.value),)))


def _judged(plan: Plan) -> Sequence[Verdict | Judged]:
    """Return the gates' answers: those of the blessing, which had the predictions; without one, of the manifest."""
    return plan.blessed.blessing.gates if plan.blessed.blessing else plan.manifest.verdicts


def _gates(judged: Sequence[Verdict | Judged]) -> Table:
    tones: dict[Outcome, Tone] = {Outcome.FAIL: "bad", Outcome.UNDECIDED: "doubt", Outcome.SKIP: "quiet"}
    rows = tuple(
        Row(
            (
                (Code(item.gate), *((f" where {item.slice}",) if item.slice else ())),
                (f"{item.outcome}{' (only warns)' if item.level == 'warn' else ''}",),
                prose(item.sentence),
            ),
            tone=tones.get(item.outcome, "plain"),
        )
        for item in judged[:MOST_ROWS]
    )
    left = len(judged) - len(rows)
    columns = (Column("Gate"), Column("Answer"), Column("Why"))
    return Table(columns, rows, more=f"… and {left:,} more." if left > 0 else "")


def _files(release: Manifest) -> Table:
    columns = (Column("In the bundle"), Column("Size", "right"), Column("SHA-256"), Column("From"))
    own = carried(release)
    server = [file for file in release.files if file.role == "server"]
    rows = [_file(file) for file in own[:MOST_ROWS]]
    if server:
        size = figures.size(sum(file.size for file in server))
        rows.append(
            Row(((Code("server/"),), (size,), (figures.count(len(server), "file"),), (f"mltool {release.tool}",)))
        )
    rows += [
        Row(((Code(path),), ("",), ("",), ("written from this plan",)), tone="quiet") for path in release.generated
    ]
    left = len(own) - MOST_ROWS
    return Table(columns, tuple(rows), more=f"… and {left:,} more." if left > 0 else "")


def _file(file: File) -> Row:
    return Row(((Code(file.path),), (figures.size(file.size),), (Code(file.sha256[:SHOWN]),), (Code(file.source),)))


def _origins(release: Manifest) -> Block:
    groups = tuple(
        Group(name.capitalize(), tuple(_input(item) for item in found[:MOST_ROWS]), more=_left(found))
        for name in _ORIGINS
        if (found := getattr(release, name))
    )
    return Groups(groups) if groups else Paragraph(("No stage makes it: its file is tracked as it is.",))


def _input(item: Input) -> Line:
    size = f", {figures.size(item.size)}" if item.size is not None else ""
    return (Code(item.path), " ", Code(short(item.hash)), size)


def _left(found: Sequence[Input]) -> str:
    return f"… and {len(found) - MOST_ROWS:,} more" if len(found) > MOST_ROWS else ""
