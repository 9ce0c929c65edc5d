"""The ledger in words for a terminal: who did what, when, why, and on which evidence."""

from collections.abc import Iterable

from mltool.commands.ledger import Written
from mltool.commands.ledger_json import when
from mltool.commands.registry import Then
from mltool.registry import trailers
from mltool.registry.model import Event, Finding, Ledger, ModelState, NewEvent, Stage
from mltool.report import figures
from mltool.report.blocks import Block, Bullets, Column, Line, Paragraph, Row, Section, Table, Tone, prose
from mltool.report.inert import clip, visible

SHORT, DIGEST, LONG = 7, 19, 200
MOST_VERSIONS = 5
LOG_COLUMNS = ("No.", "When (UTC)", "Who", "What and why", "Evidence", "Signature")
STATUS_COLUMNS = ("Environment", "Version", "Since (UTC)", "By", "Deployed", "Held")


def written(done: Written) -> str:
    """Return a line for each event that was written, or would be."""
    if not done.events:
        return "Nothing to write: the ledger says so already.\n"
    verb = "Would write" if done.dry_run else "Wrote"
    where = f" and pushed to {done.remote}" if done.remote and not done.dry_run else ""
    lines = [f"{verb} {name}{where}: {_what(event)}" for name, event in zip(done.tags, done.events, strict=True)]
    return "".join(f"{visible(line)}\n" for line in lines)


def unheard(done: Written, *, in_a_job: bool) -> str:
    """Return what to do where the forge starts nothing for these tags; empty where it does, or was not asked to."""
    tags = [name for name, event in zip(done.tags, done.events, strict=True) if event.kind in ("register", "promote")]
    if not (in_a_job and tags and done.remote) or done.dry_run:
        return ""
    said = "A tag that a job pushes with its own token starts no workflow."
    return f"{said} Start it: gh workflow run mltool-release.yml --ref '{tags[0]}'"


def log(ledger: Ledger, events: Iterable[Event]) -> tuple[Section, ...]:
    """Return a table of these events, in the order given, model by model."""
    by_model: dict[str, list[Event]] = {}
    for event in events:
        by_model.setdefault(event.model, []).append(event)
    found = [_history(ledger.models[name], listed) for name, listed in by_model.items()]
    return (*(found or [_empty()]), *_passed_over(ledger))


def status(ledger: Ledger, *, note: str = "") -> tuple[Section, ...]:
    """Return what is meant to be live where, and what was deployed; `note` stands beside each model's name."""
    found = [
        _section(model.name, *_standing(model), note=" · ".join(filter(None, (note, _versions(model)))))
        for model in ledger.models.values()
    ]
    return (*(found or [_empty(note)]), *_passed_over(ledger))


def then(found: Then) -> tuple[Section, ...]:
    """Return what was live where at a moment, and what was ever said about the commit that it was asked for."""
    drawn = status(found.ledger, note=f"as of {_day(found.moment)} UTC")
    if not found.commit:
        return drawn
    about = (
        _table(LOG_COLUMNS, map(_row, found.events)) if found.events else Paragraph(("No event names it.",), "quiet")
    )
    return (*drawn, _section(f"About {found.commit[:SHORT]}", about))


def findings(found: Iterable[Finding], *, events: int, models: int) -> tuple[Section, ...]:
    """Return what verification found, or that all is as it was written."""
    listed = tuple(found)
    checked = f"{figures.count(events, 'event')} of {figures.count(models, 'model')}"
    if not listed:
        return (_section("The ledger is whole", Paragraph((f"{checked} checked.",), "good")),)
    rows = tuple(Row(((item.kind,), *(prose(item.sentence),)), _tone(item)) for item in listed)
    title = f"The ledger is not whole: {figures.count(len(listed), 'finding')}"
    table = Table(columns=(Column("Kind"), Column("What, and what to do")), rows=rows, more=f"{checked} checked.")
    return (_section(title, table),)


def _tone(item: Finding) -> Tone:
    return "bad" if item.kind in ("moved", "deleted", "forked", "broken") else "warn"


def _history(model: ModelState, listed: list[Event]) -> Section:
    older = len(model.events) - len(listed)
    more = f"{figures.count(older, 'older event')}: `mltool log {model.name}` lists them all." if older else ""
    return _section(model.name, _table(LOG_COLUMNS, map(_row, listed), more=more))


def _row(event: Event) -> Row:
    number = str(event.sequence) if event.sequence >= 0 else ""
    why = f": {clip(event.reason, LONG)}" if event.reason else ""
    bad = event.outcome == "failed" or event.kind in ("rollback", "hold") or event.despite != ""
    cells = (number, _day(event.tag.date), _who(event), f"{_what(event)}{why}", _evidence(event), _signature(event))
    return Row(tuple((cell,) for cell in cells), "warn" if bad else "plain")


def _what(event: Event | NewEvent) -> str:
    despite = f"despite {event.despite}" if event.despite else ""
    return ", ".join(filter(None, (trailers.subject(event), event.outcome, despite)))


def _who(event: Event) -> str:
    tagger = event.tag.tagger or event.tag.email
    return tagger if event.actor in ("", tagger) else f"{event.actor}, by {tagger}"


def _evidence(event: Event) -> str:
    approved = f"approved by {', '.join(event.approvers)}" if event.approvers else ""
    return ", ".join(filter(None, (event.tag.commit[:SHORT], event.manifest[:DIGEST], approved)))


def _signature(event: Event) -> str:
    if event.tag.signed:
        return "signed"
    return "none" if event.chained else "none (GTO)"


def _standing(model: ModelState) -> tuple[Block, ...]:
    if not model.stages:
        return (Paragraph(("Not in any environment.",), "quiet"),)
    return (_table(STATUS_COLUMNS, (_stage(model, stage) for stage in model.stages.values())),)


def _stage(model: ModelState, stage: Stage) -> Row:
    event, held = stage.event, model.held.get(stage.version)
    version = f"v{stage.version}" if stage.version else "—" if event.kind == "demote" else event.tag.commit[:SHORT]
    deployed = stage.deployed
    done = f"v{deployed.version}, {_day(deployed.tag.date)}" if deployed else "never recorded"
    cells = (stage.name, version, _day(event.tag.date), _who(event), done, clip(held.reason, LONG) if held else "")
    return Row(tuple((cell,) for cell in cells), "warn" if held else "plain")


def _versions(model: ModelState) -> str:
    newest = [event.version for event in model.versions[::-1]]
    if not newest:
        return "no version is registered"
    shown = [f"v{version}{' (held)' if version in model.held else ''}" for version in newest[:MOST_VERSIONS]]
    more = f" and {len(newest) - MOST_VERSIONS} more" if len(newest) > MOST_VERSIONS else ""
    return f"{figures.count(len(newest), 'version')}: {', '.join(shown)}{more}"


def _passed_over(ledger: Ledger) -> tuple[Section, ...]:
    if not ledger.foreign:
        return ()
    some: tuple[Line, ...] = tuple(prose(item.sentence) for item in ledger.foreign[:3])
    more = "`mltool registry verify` lists them all." if len(ledger.foreign) > len(some) else ""
    return (_section("Passed over", Bullets(some, more=more)),)


def _empty(note: str = "") -> Section:
    if note:
        return _section("No events", note=note)
    return _section("No events", Paragraph(("No model is registered: see `mltool register --help`.",), "quiet"))


def _section(title: str, *blocks: Block, note: str = "") -> Section:
    return Section(name="ledger", title=title, blocks=blocks, importance=0, summary=note)


def _table(columns: Iterable[str], rows: Iterable[Row], *, more: str = "") -> Table:
    return Table(columns=tuple(Column(title) for title in columns), rows=tuple(rows), more=more)


def _day(seconds: int) -> str:
    return when(seconds)[:16].replace("T", " ")
