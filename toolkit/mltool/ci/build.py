"""What a CI job knows about itself, whichever system runs it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Build:
    """One run of a job, and where its report belongs.

    `sha` is the commit the report is about: in a pull request its head, not the merge commit that the CI system
    may have checked out (`checkout_sha`). `pull` is None where the event belongs to none, or names none: then
    `expects_pull` says that there must be one, to be looked up by head repository, branch and commit.
    `run_url` is the run that made the report, where its log and its files are; `run_id` is this run.
    Branches are short names; what an event does not tell is empty.
    """

    repository: str
    event: str
    sha: str
    checkout_sha: str
    api_url: str
    server_url: str
    run_url: str
    run_id: str
    attempt: int = 1
    actor: str = ""
    pull: int | None = None
    expects_pull: bool = False
    base_ref: str = ""
    base_sha: str = ""
    default_branch: str = ""
    head_ref: str = ""
    head_repository: str = ""
    is_fork: bool = False
    read_only: bool = False
    """The token cannot write, whatever `permissions:` says: nothing but the job summary is worth trying."""
    hostile: bool = False
    """The report was made by a run that anyone can start: it says nothing about who it is for."""
    run_conclusion: str = ""
    """How the run that made the report ended, where that was another run than this one."""
    summary_path: str = ""

    @property
    def owner(self) -> str:
        """Return who owns the repository."""
        return self.repository.partition("/")[0]

    @property
    def head_owner(self) -> str:
        """Return who owns the repository that the head comes from."""
        return self.head_repository.partition("/")[0]
