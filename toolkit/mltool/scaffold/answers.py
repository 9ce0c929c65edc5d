"""Settings that would make a workflow unsafe or impossible, said before anything is rendered."""

import re
from collections.abc import Iterator
from dataclasses import fields

from mltool.config import Ci
from mltool.errors import UserError

_SECRET = re.compile(r"(?!GITHUB_)[A-Za-z_][A-Za-z0-9_]*")
# What the workflows themselves tell a command.
_TAKEN = ("MODEL", "VERSION", "ENVIRONMENT")
_MULTILINE = ("setup", "tests")


def check(ci: Ci) -> None:
    """Raise UserError for the first setting of `[ci]` that no safe workflow can be made of."""
    for what, remedy in _problems(ci):
        raise UserError(f"mltool.toml: {what}", remedy)


def _problems(ci: Ci) -> Iterator[tuple[str, str]]:
    for item in fields(ci):
        value = getattr(ci, item.name)
        if isinstance(value, str) and "${{" in value:
            yield (
                f"`ci.{item.name}` contains `${{{{`.",
                "An expression inside a command is how workflows are taken over: read an environment variable there.",
            )
        if isinstance(value, str) and item.name not in _MULTILINE and re.search(r"[\x00-\x1f\x7f]", value):
            yield f"`ci.{item.name}` has a control character in it.", "Write it on one line."
    for key in ("secrets", "release_secrets"):
        for name in getattr(ci, key):
            if not _SECRET.fullmatch(name) or name in _TAKEN:
                yield f"`ci.{key}` has {name!r}, which cannot be the name of a secret here.", "Use another."
    yield from _impossible(ci)


def _impossible(ci: Ci) -> Iterator[tuple[str, str]]:
    if ci.timeout_minutes < 1:
        yield f"`ci.timeout_minutes` is {ci.timeout_minutes}.", "Give the pipeline at least one minute."
    if ci.oidc_role and ci.remote not in ("s3", "gs", "azure"):
        yield f"`ci.oidc_role` is set, and `ci.remote` is {ci.remote!r}.", "Set `ci.remote` to s3, gs or azure."
    if ci.oidc_role and ci.remote == "azure" and not ci.oidc_account:
        yield "Azure needs `ci.oidc_account`, the tenant id, beside `ci.oidc_role`.", "Add it."
    if ci.runner.startswith("self-hosted") and ci.forks != "off":
        yield (
            "`ci.runner` is a machine of your own, and pull requests from forks would run on it.",
            'Set `ci.forks = "off"`, or use a hosted runner.',
        )
