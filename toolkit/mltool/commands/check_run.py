"""The check run of a report: opened in progress before there is one, and always closed."""

from collections.abc import Callable

from mltool.ci.build import Build
from mltool.commands import delivery
from mltool.errors import OutsideError
from mltool.forges import github
from mltool.forges.github_words import Check, CheckName, Refusal
from mltool.forges.session import Session

Say = Callable[[str], None]


def start(build: Build, *, session: Session | None, say: Say, key: str = "mltool") -> int | None:
    """Open the check run in progress and return its id, for `post` or `close` to complete.

    None, with a line that says why, where GitHub does not take it: a check that is missing must not stop the work.
    """
    if session is None or build.read_only:
        return None
    try:
        check = github.start_check(session, build.repository, named(build, delivery.check_name(key)))
    except OutsideError as error:
        say(f"No check run was opened: {error}")
        return None
    if isinstance(check, Refusal):
        say(f"No check run was opened: {grant((check,), build)}")
        return None
    return check.id


def close(
    build: Build,
    *,
    session: Session | None,
    say: Say,
    check_id: int | None = None,
    key: str = "mltool",
    cancelled: bool = False,
) -> None:
    """Complete the check run if it is still in progress, because the run ended before a report was posted.

    Without `check_id` every check run of this name that is open on the commit is closed; where the name has none at
    all, which a branch rule may be waiting for, one is written. Does nothing twice.
    """
    if session is None or build.read_only:
        return
    name = delivery.check_name(key)
    found = _known_checks(session, build, check_id=check_id, name=name)
    if isinstance(found, Refusal):
        say(f"The check run was not closed: {grant((found,), build)}")
        return
    numbers: list[int | None] = [check.id for check in found if check.open]
    if not found and delivery.ended_badly(build.run_conclusion):
        numbers = [None]
    ending = delivery.no_report(build.run_url, cancelled=cancelled or build.run_conclusion == "cancelled")
    for number in numbers:
        done = github.finish_check(session, build.repository, named(build, name), ending, number=number)
        refused = f"The check run was not closed: {grant((done,), build)}" if isinstance(done, Refusal) else ""
        say(refused or f"{ending.title}: its check run says so.")


def _known_checks(session: Session, build: Build, *, check_id: int | None, name: str) -> tuple[Check, ...] | Refusal:
    if check_id is None:
        return github.checks(session, build.repository, name=name, sha=build.sha)
    check = github.check(session, build.repository, check_id)
    return check if isinstance(check, Refusal) else (check,)


def named(build: Build, name: str) -> CheckName:
    """Return the check run of this name on the build's commit."""
    return CheckName(name=name, sha=build.sha, url=build.run_url)


def grant(refusals: tuple[Refusal, ...], build: Build) -> str:
    """Return one line: what GitHub refused, the permission that is missing, and the YAML that gives it."""
    missing = sorted({refusal.permission for refusal in refusals if refusal.permission})
    said = "; ".join(sorted({refusal.said for refusal in refusals}))
    if not missing:
        return f"GitHub refused a part of the report: {said}."
    return (
        f"The token lacks {' and '.join(f'`{permission}`' for permission in missing)} on {build.repository} "
        f"(GitHub: {said}). Add to the job: "
        "permissions: { contents: read, checks: write, pull-requests: write }."
    )
