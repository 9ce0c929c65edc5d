"""What a delivery would write, decided from facts alone: `post` gathers them before and does it after."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Final

from mltool.ci.build import Build
from mltool.errors import UserError
from mltool.forges.github_words import Annotation, Comment, Completion, Conclusion, Pull
from mltool.gates.verdict import Outcome, strictly
from mltool.report.model import Report
from mltool.snapshot.model import ValueChange

ANNOTATIONS: Final = 10
MESSAGE: Final = 500


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What GitHub says about a pull request before its comment is written; `me` is the login that we write under."""

    head: str
    me: str = ""
    comments: tuple[Comment, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Create:
    """Write a new comment."""

    body: str

    def __str__(self) -> str:
        return f"write a comment of {len(self.body.encode()):,} bytes"


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Replace the text of our comment."""

    comment: int
    body: str

    def __str__(self) -> str:
        return f"replace the text of comment {self.comment}, {len(self.body.encode()):,} bytes"


@dataclass(frozen=True, kw_only=True)
class Delete:
    """Remove a second comment of ours with the same key, which two jobs at once may have left."""

    comment: int

    def __str__(self) -> str:
        return f"delete comment {self.comment}, a second one of ours"


Act = Create | Edit | Delete


def decide(facts: Facts, *, sha: str, key: str, body: str) -> tuple[Act, ...]:
    """Return what to do to a pull request's comments: nothing if its head is not `sha` or nothing changed.

    A comment is ours when we wrote it *and* it ends with the key: a person who quotes one is left alone.
    """
    if facts.head != sha:
        return ()
    ours = [comment for comment in facts.comments if comment.author == facts.me and carries(comment, key)]
    if not ours:
        return (Create(body=body),)
    first, *more = ours
    edit = () if _plain(first.body) == _plain(body) else (Edit(comment=first.id, body=body),)
    return (*edit, *(Delete(comment=comment.id) for comment in more))


def choose(pulls: tuple[Pull, ...], build: Build) -> Pull | None:
    """Return the open pull request from the build's head repository and branch.

    A branch may have several: first the ones still at our commit, of these the one into the default branch, then the
    oldest.
    """
    ours = [
        pull
        for pull in pulls
        if pull.head_repository.lower() == build.head_repository.lower() and pull.head_ref == build.head_ref
    ]
    ours.sort(key=lambda pull: (pull.head_sha != build.sha, pull.base_ref != build.default_branch, pull.number))
    return ours[0] if ours else None


def check_name(key: str) -> str:
    """Return the name of the check run: the same for ever, so that a branch rule can require it."""
    return key if key == "mltool" else f"mltool: {key}"


def marker(key: str) -> str:
    """Return the line, invisible to readers, that ends every comment with this key; UserError for an unfit key."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._]|-(?!-)){0,62}", key):
        raise UserError(f"The report key {key[:80]!a} is unfit.", "Use up to 63 letters, digits, `.`, `_` and `-`.")
    return f"<!-- mltool:report:{key} -->"


def carries(comment: Comment, key: str) -> bool:
    """Return whether the comment ends with the key."""
    return f"\n{_plain(comment.body)}".endswith(f"\n{marker(key)}")


def conclusion(outcome: Outcome, *, run: str = "", undecided_blocks: bool = False) -> Conclusion:
    """Return what the check run says. `run` is how another run that made the report ended, empty if it was this one.

    Undecided is never a success, and neither is the good word of a run that failed.
    """
    if outcome is Outcome.FAIL or (outcome is Outcome.UNDECIDED and undecided_blocks):
        return "failure"
    if outcome is Outcome.PASS:
        return "success" if run in ("", "success") else "failure"
    return "neutral"


def completion(report: Report, *, text: str, run: str, undecided_blocks: bool) -> Completion:
    """Return the check run that says `text`, the report in Markdown."""
    outcome = strictly(report.outcome, report.verdicts) if undecided_blocks else report.outcome
    ended = conclusion(outcome, run=run, undecided_blocks=undecided_blocks)
    doubted = ended == "failure" and outcome is Outcome.PASS
    title = f"The run that made this report ended with `{run}`" if doubted else headline(text) or "mltool"
    return Completion(conclusion=ended, title=title, summary=text, annotations=annotations(report))


def ended_badly(run: str) -> bool:
    """Return whether a run that left no report should have left one.

    One that was skipped, or still waits for a maintainer's approval, owes none. Empty: it is this run, which knows.
    """
    return run in ("", "failure", "timed_out", "startup_failure", "cancelled")


def no_report(run_url: str, *, cancelled: bool) -> Completion:
    """Return the end of a check run whose run ended before a report was posted."""
    ended = "was cancelled" if cancelled else "failed"
    return Completion(
        conclusion="cancelled" if cancelled else "failure",
        title=f"The run {ended} before a report was posted",
        summary=f"The run {ended} before a report was posted: see {f'[the log]({run_url})' if run_url else 'its log'}.",
    )


def annotations(report: Report) -> tuple[Annotation, ...]:
    """Return up to ten remarks on files: what blocks, then what could not be read, then parameters that changed."""
    fit = [note for note in _annotations(report) if _is_inside(note.path) and note.message]
    return tuple(fit[:ANNOTATIONS])


def _annotations(report: Report) -> Iterator[Annotation]:
    for verdict in report.verdicts:
        if verdict.outcome is Outcome.FAIL and verdict.metric:
            path = verdict.metric.partition(":")[0]
            yield Annotation(
                path=path,
                line=1,
                level="failure" if verdict.blocks else "warning",
                message=sendable(verdict.sentence)[:MESSAGE],
            )
    for problem in report.problems:
        message = sendable(problem.sentence)[:MESSAGE]
        yield Annotation(path=problem.path, line=max(1, problem.line or 1), level="warning", message=message)
    for path, changes in groupby(sorted(report.changes.params, key=attrgetter("path")), key=attrgetter("path")):
        said = "\n".join(_change(change) for change in changes)
        yield Annotation(path=path, line=1, level="notice", message=sendable(said)[:MESSAGE])


def _is_inside(path: str) -> bool:
    return bool(path) and len(path) <= MESSAGE and not path.startswith("/") and ".." not in path.split("/")


def _change(change: ValueChange) -> str:
    old, new = ("—" if value is None else str(value)[:40] for value in (change.old, change.new))
    return f"{change.key}: {old} → {new}"


def headline(markdown: str) -> str:
    """Return the first line that has words, without its Markdown, for a place that shows plain text."""
    for line in markdown.splitlines():
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line)
        words = re.sub(r"<[^<>]*>|`|\*\*|\\(?=[^\w\s]|_)", "", words).strip("# ")
        if words:
            return html.unescape(words).replace("\u200b", "")
    return ""


def sendable(text: str) -> str:
    """Return text that can be sent: half a surrogate pair, from a file name that is no UTF-8, cannot."""
    return text.encode(errors="replace").decode()


def _plain(body: str) -> str:
    return body.replace("\r\n", "\n").strip()
