"""What `mltool init` proposes: shown first, carried out after a yes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mltool import shell
from mltool.commands import ci as workflows
from mltool.errors import UserError
from mltool.scaffold.detect import Finding
from mltool.scaffold.model import Kind, Plan


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """All that would be done: programs to run first, files to write, and why."""

    root: Path
    findings: tuple[Finding, ...]
    plan: Plan
    first: tuple[tuple[str, ...], ...] = ()
    next: tuple[str, ...] = ()


def show(proposal: Proposal, say: Callable[[str], None]) -> None:
    """Say what was found and what would be done."""
    for finding in proposal.findings:
        say(f"  {finding.about:<15} {finding.what}")
    say(f"In {proposal.root}:")
    for command in proposal.first:
        say(f"  run   {_shown(command)}")
    for step in proposal.plan.of(Kind.NEW):
        say(f"  write {step.path:<33} {step.why}".rstrip())
    show_kept(proposal.plan, say)


def show_kept(made: Plan, say: Callable[[str], None]) -> None:
    """Say which files are there already and not as they would be written."""
    for step in made.of(Kind.KEPT, Kind.CHANGED, Kind.EDITED, Kind.FOREIGN, Kind.OBSOLETE):
        why = "yours" if step.kind is Kind.KEPT else f"{workflows.SENTENCES[step.kind]}; see `mltool ci check`"
        say(f"  keep  {step.path:<33} {why}")


def carry_out(proposal: Proposal, say: Callable[[str], None]) -> None:
    """Run the programs and write the new files."""
    proposal.root.mkdir(parents=True, exist_ok=True)
    for command in proposal.first:
        done = shell.run(command, cwd=proposal.root)
        if done.code:
            raise UserError(f"`{_shown(command)}` failed: {done.err.strip()}")
    workflows.apply(workflows.Desk(root=proposal.root, templates=Path(), say=say), proposal.plan, Kind.NEW)
    say("Next:")
    for line in proposal.next:
        say(f"  {line}")


def _shown(command: tuple[str, ...]) -> str:
    return " ".join(command[2:] if command[1:2] == ("-m",) else command)
