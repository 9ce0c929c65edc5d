"""The parts of GitHub's event files that a report needs.

https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository; `default_branch` is empty where an event leaves it out."""

    full_name: str
    id: int = 0
    default_branch: str = ""


@dataclass(frozen=True, kw_only=True)
class End:
    """One end of a pull request. `repo` is None when its fork was deleted."""

    sha: str
    ref: str = ""
    repo: Repository | None = None


@dataclass(frozen=True, kw_only=True)
class Pull:
    """A pull request in its own event."""

    number: int
    head: End
    base: End


@dataclass(frozen=True, kw_only=True)
class RepositoryId:
    """A repository where an event gives no more than its number."""

    id: int = 0


@dataclass(frozen=True, kw_only=True)
class BriefEnd:
    """One end of a pull request in the list of a run."""

    sha: str
    ref: str = ""
    repo: RepositoryId = RepositoryId()


@dataclass(frozen=True, kw_only=True)
class BriefPull:
    """A pull request in the list of a run."""

    number: int
    head: BriefEnd
    base: BriefEnd


@dataclass(frozen=True, kw_only=True)
class Run:
    """The run that `workflow_run` follows."""

    event: str
    head_sha: str
    head_branch: str | None = None
    head_repository: Repository | None = None
    pull_requests: tuple[BriefPull, ...] = ()
    conclusion: str | None = None
    html_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Group:
    """A merge group: several pull requests on their way in together."""

    head_sha: str
    base_sha: str = ""
    base_ref: str = ""
    head_ref: str = ""


@dataclass(frozen=True, kw_only=True)
class PullEvent:
    """`pull_request` and `pull_request_target`."""

    repository: Repository
    pull_request: Pull


@dataclass(frozen=True, kw_only=True)
class RunEvent:
    """`workflow_run`."""

    repository: Repository
    workflow_run: Run


@dataclass(frozen=True, kw_only=True)
class GroupEvent:
    """`merge_group`."""

    repository: Repository
    merge_group: Group


@dataclass(frozen=True, kw_only=True)
class CommitEvent:
    """`push`, `workflow_dispatch`, `schedule`: the commit itself stands in the environment."""

    repository: Repository | None = None
    before: str = ""
    deleted: bool = False
