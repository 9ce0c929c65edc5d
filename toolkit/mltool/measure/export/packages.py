"""Which packages a model needs, told from the types that its file holds."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

from mltool.errors import UserError
from mltool.measure.model_file import type_names

_STANDARD = frozenset({"builtins", "collections", "functools", "operator", "datetime", "zoneinfo", "re"})


def modules(skops_file: bytes) -> frozenset[str]:
    """Return the top-level modules whose types stand in a skops file."""
    return frozenset(module.partition(".")[0] for module, _ in type_names(skops_file)) - _STANDARD


def installed() -> frozenset[str]:
    """Return the top-level modules that installed packages bring."""
    return frozenset(packages_distributions())


def bringing(names: Iterable[str], source: Path) -> dict[str, str]:
    """Return the installed packages that bring these modules, with their versions.

    Raises UserError for a module of the project's own: no bundle has it.
    """
    known = packages_distributions()
    for name in sorted(names):
        if name not in known:
            raise UserError(
                f"{source} holds types of `{name}`, which is code of this project and in no installed package: "
                "it would be absent where the model is served.",
                "Do that step in a stage before the model, put the code into a package, or release through a loader.",
            )
    return {package: version(package) for package in sorted({min(known[name]) for name in names})}


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the installed version of each package. Raises UserError for one that is not installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError as error:
            raise UserError(f"The package {package} is not installed here.", f"pip install {package}") from error
    return found
