"""Every setting that the GitHub Actions templates know, and the files that they make of it."""

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

from ruamel.yaml import YAML

from mltool import disk
from mltool.config import Ci, Model, Release
from mltool.scaffold import answers, template

WORKFLOWS = ".github/workflows"
MANAGERS = ("uv", "poetry", "pip", "conda", "pixi")
FORKS = ("comment", "report", "off")
TESTS = ({}, {"tests": "python -m pytest\nmake check"})
INSTALLS: tuple[dict[str, Any], ...] = ({}, {"setup": "make setup\nmake more"}, {"requirements": "pyproject.toml"})
LOGINS: tuple[dict[str, Any], ...] = (
    {},
    {"remote": "s3", "dvc": "dvc[s3]>=3.64,<4"},
    {"remote": "s3", "oidc_role": "arn:aws:iam::123456789012:role/ci"},
    {"remote": "gs", "oidc_role": "projects/1/locations/global/workloadIdentityPools/p/providers/github"},
    {"remote": "gs", "oidc_role": "projects/1/x", "oidc_account": "ci@example.iam.gserviceaccount.com"},
    {"remote": "azure", "oidc_role": "client", "oidc_account": "tenant"},
    {"remote": "ssh", "secrets": ("DVC_KEY", "OTHER")},
)
CACHES = (True, False)
STORES = (Release(store="github"), Release(store="s3", place="s3://bucket/models"), Release())
ACTS: tuple[dict[str, Any], ...] = tuple(
    {"release_runner": runner, "release_secrets": secrets, "attest": attest}
    for runner, secrets, attest in product(("ubuntu-24.04", "self-hosted"), ((), ("TOKEN", "KEY")), (True, False))
)


@cache
def settings() -> tuple[Ci, ...]:
    """Return every combination of options that meet in one part of a file, over all package managers and fork rules."""
    install = product(MANAGERS, FORKS, INSTALLS, TESTS)
    login = product(MANAGERS, FORKS, LOGINS, CACHES)
    made = [
        *(Ci(package_manager=manager, forks=forks, **how, **tests) for manager, forks, how, tests in install),
        *(Ci(package_manager=manager, forks=forks, cache=kept, **who) for manager, forks, who, kept in login),
    ]
    return tuple(dict.fromkeys(made))


@cache
def github() -> template.Template:
    return template.parse("github-actions", disk.read_folder(disk.templates() / "github-actions"))


def draw(ci: Ci, release: Release = STORES[0], models: tuple[str, ...] = ("delay",)) -> dict[str, str]:
    answers.check(ci)
    context = {"ci": ci, "release": release, "models": {name: Model() for name in models}}
    return {file.path: file.content for file in template.render(github(), context, version="0")}


render = cache(draw)


@cache
def releases() -> tuple[tuple[Ci, Release], ...]:
    """Return every combination of the options that meet in the jobs of a release, over all stores."""
    return tuple((Ci(**who, **acts), store) for who, acts, store in product(LOGINS, ACTS, STORES))


def every_setting() -> Iterator[tuple[Ci, Release]]:
    """Yield the whole product; what a release alone asks for meets only what stands in its jobs too."""
    for manager, forks, how, tests, who, kept in product(MANAGERS, FORKS, INSTALLS, TESTS, LOGINS, CACHES):
        yield Ci(package_manager=manager, forks=forks, cache=kept, **how, **tests, **who), STORES[0]
    yield from releases()


@cache
def parsed(ci: Ci, name: str = "mltool.yml", release: Release = STORES[0]) -> Any:
    """Return one workflow as YAML reads it."""
    return YAML(typ="safe").load(render(ci, release)[f"{WORKFLOWS}/{name}"])
