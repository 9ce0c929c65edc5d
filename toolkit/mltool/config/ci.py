"""The workflows that are written, and how they behave."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Ci:
    """The workflows that `mltool ci generate` writes, and how they behave."""

    provider: str = "github-actions"
    """The CI system: the name of a folder of templates."""
    lock: Literal["verify", "warn", "off"] = "verify"
    """What a stale dvc.lock in a commit does to the check."""
    undecided: Literal["neutral", "fail"] = "neutral"
    """What a gate that could not be judged does to the check; GitHub counts `neutral` as passed."""
    forks: Literal["comment", "report", "off"] = "comment"
    """Pull requests from forks: a second workflow comments, only the summary reports, or nothing runs."""
    python: str = "3.12"
    """The Python that runs the pipeline."""
    runner: str = "ubuntu-24.04"
    """The runner image that runs the pipeline; named, so that it does not change under you."""
    timeout_minutes: int = 60
    """How long the pipeline may run."""
    default_branch: str = "main"
    """Pull requests into this branch are reported, and pushes to it."""
    package_manager: Literal["uv", "poetry", "pip", "conda", "pixi"] = "pip"
    """How the project installs its packages."""
    requirements: str = ""
    """The file that pip or conda installs from, when it is not the usual one."""
    setup: str = ""
    """Shell commands that install the project, instead of the package manager's usual ones."""
    tests: str = ""
    """The command that tests the code and the model; empty: none."""
    pull: Literal["auto", "needed", "all"] = "auto"
    """What is downloaded from the DVC remote: what the stages that run `needed`, or `all`; `auto` is all where there
    are tests, which may read any of it."""
    cache: bool = True
    """Keep the DVC cache between runs; switch it off when it is larger than the CI system's quota."""
    remote: Literal["", "s3", "gs", "azure", "http", "ssh", "local"] = ""
    """The kind of the default DVC remote."""
    dvc: str = ""
    """The requirement that installs DVC where the project's packages do not, for example `dvc[s3]`."""
    oidc_role: str = ""
    """Whom the cloud lets the workflow act as without stored keys: an AWS role ARN, a Google workload identity
    provider, or an Azure client id."""
    oidc_account: str = ""
    """What goes with it: the Google service account, or the Azure tenant id."""
    aws_region: str = "us-east-1"
    """The region of the AWS role's tokens."""
    secrets: tuple[str, ...] = ()
    """Secrets of the CI system that the pipeline sees as environment variables, where `oidc_role` cannot do."""
    environment: str = "mltool"
    """The deployment environment that holds those secrets."""
    install: str = "mltool-ci"
    """The requirement that installs mltool in the jobs that do not install the project."""
    release_runner: str = "ubuntu-24.04"
    """The runner that publishes and deploys; a machine of your own where the target `local` is to serve from it."""
    release_secrets: tuple[str, ...] = ()
    """Secrets of the environment that is released into, which publishing and deploying see as environment variables."""
    attest: bool = False
    """Whether GitHub attests what was published; private repositories need Enterprise Cloud for it."""
