"""GitHub Actions: the variables and the event file of a job → Build.

https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from mltool.ci import github_events as events
from mltool.ci.build import Build
from mltool.errors import UserError

NOWHERE: Final = "0" * 40
# A name of dots alone would walk up the address that it becomes a part of.
_NAME: Final = re.compile(r"(?!\.+/)[A-Za-z0-9_.-]+/(?!\.+$)[A-Za-z0-9_.-]+")

T = TypeVar("T")


def running(environ: Mapping[str, str]) -> bool:
    """Return whether this process runs in a job of GitHub Actions."""
    return environ.get("GITHUB_ACTIONS") == "true" and bool(environ.get("GITHUB_EVENT_NAME"))


def has_place(environ: Mapping[str, str]) -> bool:
    """Return whether the event that started this job has a place for a report."""
    return environ.get("GITHUB_EVENT_NAME") in _EVENTS


def load(environ: Mapping[str, str]) -> Build:
    """Return the build that the environment and its event file describe; raises UserError, naming what is missing."""
    path = _variable(environ, "GITHUB_EVENT_PATH")
    try:
        event = Path(path).read_bytes()
    except OSError as error:
        raise UserError(
            f"The event file {path} cannot be read: {error.strerror}.", "Check GITHUB_EVENT_PATH."
        ) from None
    return detect(environ, event)


def detect(environ: Mapping[str, str], event: bytes) -> Build:
    """Return the build, from the job's environment and the content of its event file.

    Raises UserError for an event that has no place for a report, an event file of another event, and
    `pull_request_target` from a fork, where a stranger's code would run beside a token that can write.
    """
    name = _variable(environ, "GITHUB_EVENT_NAME")
    if name not in _EVENTS:
        raise UserError(
            f"A report has no place after the event `{name}`.",
            f"Run it on {', '.join(f'`{known}`' for known in _EVENTS)}.",
        )
    return _checked(_EVENTS[name](_plain(environ, name), environ, event))


def _plain(environ: Mapping[str, str], name: str) -> Build:
    repository = _variable(environ, "GITHUB_REPOSITORY")
    server = environ.get("GITHUB_SERVER_URL", "").rstrip("/") or "https://github.com"
    run = environ.get("GITHUB_RUN_ID", "")
    attempt = environ.get("GITHUB_RUN_ATTEMPT", "")
    sha = _variable(environ, "GITHUB_SHA")
    return Build(
        repository=repository,
        event=name,
        sha=sha,
        checkout_sha=sha,
        api_url=environ.get("GITHUB_API_URL", "").rstrip("/") or "https://api.github.com",
        server_url=server,
        run_url=f"{server}/{repository}/actions/runs/{run}" if run else "",
        run_id=run,
        attempt=int(attempt) if attempt.isdecimal() else 1,
        actor=environ.get("GITHUB_ACTOR", ""),
        head_ref=environ.get("GITHUB_REF_NAME", ""),
        head_repository=repository,
        summary_path=environ.get("GITHUB_STEP_SUMMARY", ""),
    )


def _pull_request(build: Build, environ: Mapping[str, str], event: bytes) -> Build:
    parsed = _parse(events.PullEvent, environ, event)
    pull = parsed.pull_request
    head = pull.head.repo.full_name if pull.head.repo else ""
    fork = head.lower() != build.repository.lower()
    return replace(
        build,
        sha=pull.head.sha,
        pull=pull.number,
        expects_pull=True,
        base_ref=pull.base.ref,
        base_sha=pull.base.sha,
        default_branch=parsed.repository.default_branch,
        head_ref=pull.head.ref,
        head_repository=head,
        is_fork=fork,
        read_only=fork,
    )


def _pull_request_target(build: Build, environ: Mapping[str, str], event: bytes) -> Build:
    build = _pull_request(build, environ, event)
    if build.is_fork:
        raise UserError(
            f"Pull request #{build.pull} comes from a fork, and `pull_request_target` gives its code your token.",
            "Run the pipeline on `pull_request` and post on `workflow_run`, as `mltool ci generate` writes it.",
        )
    return build


def _push(build: Build, environ: Mapping[str, str], event: bytes) -> Build:
    parsed = _parse(events.CommitEvent, environ, event)
    if parsed.deleted or build.sha == NOWHERE:
        raise UserError(f"The push deleted {build.head_ref}: there is no commit to report on.")
    build = _commit(build, environ, event)
    return replace(build, base_ref=build.head_ref, base_sha="" if parsed.before == NOWHERE else parsed.before)


def _commit(build: Build, environ: Mapping[str, str], event: bytes) -> Build:
    parsed = _parse(events.CommitEvent, environ, event)
    default = parsed.repository.default_branch if parsed.repository else ""
    return replace(build, default_branch=default, base_ref=default)


def _merge_group(build: Build, environ: Mapping[str, str], event: bytes) -> Build:
    parsed = _parse(events.GroupEvent, environ, event)
    group = parsed.merge_group
    return replace(
        build,
        sha=group.head_sha,
        base_ref=_short(group.base_ref),
        base_sha=group.base_sha,
        head_ref=_short(group.head_ref),
        default_branch=parsed.repository.default_branch,
    )


def _workflow_run(build: Build, environ: Mapping[str, str], event: bytes) -> Build:
    parsed = _parse(events.RunEvent, environ, event)
    run = parsed.workflow_run
    head = run.head_repository.full_name if run.head_repository else ""
    of_pull = run.event in ("pull_request", "pull_request_target")
    # The list may hold pull requests of other repositories, and of other commits once the branch moved on.
    ours = [
        pull
        for pull in run.pull_requests
        if pull.base.repo.id == parsed.repository.id and pull.head.sha == run.head_sha and of_pull
    ]
    only = ours[0] if len(ours) == 1 else None
    return replace(
        build,
        sha=run.head_sha,
        pull=only.number if only else None,
        expects_pull=of_pull,
        base_ref=only.base.ref if only else "",
        base_sha=only.base.sha if only else "",
        default_branch=parsed.repository.default_branch,
        head_ref=run.head_branch or "",
        head_repository=head,
        is_fork=head.lower() != build.repository.lower(),
        hostile=True,
        run_url=run.html_url or build.run_url,
        run_conclusion=run.conclusion or "",
    )


_EVENTS: Final[Mapping[str, Callable[[Build, Mapping[str, str], bytes], Build]]] = {
    "pull_request": _pull_request,
    "push": _push,
    "merge_group": _merge_group,
    "workflow_dispatch": _commit,
    "schedule": _commit,
    "workflow_run": _workflow_run,
    "pull_request_target": _pull_request_target,
}


def _variable(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise UserError(f"{name} is not set.", "Posting works in a job of GitHub Actions, which sets it.")
    return value


def _parse(kind: type[T], environ: Mapping[str, str], event: bytes) -> T:
    try:
        return msgspec.json.decode(event, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        path = environ.get("GITHUB_EVENT_PATH", "")
        name = environ.get("GITHUB_EVENT_NAME", "")
        raise UserError(
            f"The event file {path} does not describe the event `{name}`: {str(error)[:1].lower()}{str(error)[1:]}.",
            "Check GITHUB_EVENT_NAME and GITHUB_EVENT_PATH.",
        ) from None


def _checked(build: Build) -> Build:
    """Return the build when what goes into addresses and comparisons has the shape it must have."""
    if not _NAME.fullmatch(build.repository):
        raise UserError("GITHUB_REPOSITORY is not `owner/name`.")
    if not re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", build.sha):
        raise UserError(f"The event `{build.event}` names no commit.", "Check GITHUB_SHA and the event file.")
    if build.head_repository and not _NAME.fullmatch(build.head_repository):
        raise UserError("The event file names a head repository that is not `owner/name`.")
    return build


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/")
