"""The store that mltool.toml names."""

import importlib
import os
from collections.abc import Mapping
from typing import cast

from mltool import git
from mltool.commands import forge
from mltool.config import Release
from mltool.errors import UserError
from mltool.forges.github_releases import Releases
from mltool.stores.directory import Directory
from mltool.stores.store import Store

PLACE = "dist/releases"


def connect(project: git.Project, release: Release, environ: Mapping[str, str] | None = None) -> Store:
    """Return the store; nothing is asked of it yet. Raises UserError where it lacks an address, a token or an extra."""
    if release.store == "github":
        return _github(project, release.place, os.environ if environ is None else environ)
    if release.store == "s3":
        return _s3(release.place)
    return Directory(project.folder / (release.place or PLACE))


def _github(project: git.Project, place: str, environ: Mapping[str, str]) -> Store:
    found = forge.connect(project, environ, repository=place)
    if found is None:
        raise UserError(
            "Releases are kept on GitHub, and here there is no token or no repository for it.",
            f"Set GITHUB_TOKEN, and GITHUB_REPOSITORY=owner/name unless `{git.ORIGIN}` is on github.com.",
        )
    return Releases(session=found.session, repository=found.repository)


def _s3(place: str) -> Store:
    try:
        module = importlib.import_module("mltool.stores.s3")
    except ImportError as error:
        raise UserError("The store is on S3, and boto3 is not installed.", "pip install 'mltool-ci[s3]'") from error
    return cast("Store", module.connect(place))
