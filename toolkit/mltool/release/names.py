"""What a model and a version are called elsewhere: every mapping stated once, and refused where two become one."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

from mltool.errors import UserError

LABEL: Final = 63
OCI_TAG: Final = 128


def escaped(name: str) -> str:
    """Return the name as one segment of a URL or one folder: `team/churn` is `team%2Fchurn`. Nothing collides."""
    # A dot alone would be this folder, two its parent.
    return quote(name, safe="") if name.strip(".") else name.replace(".", "%2E")


def label(name: str) -> str:
    """Return a DNS label (RFC 1123): at most 63 of `a-z0-9-`. What is longer is cut and ends in part of its SHA-256."""
    mapped = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not mapped:
        raise UserError(f"The name `{name}` has no letter a-z and no digit, so it cannot be a DNS label.", "Rename it.")
    if len(mapped) <= LABEL:
        return mapped
    return f"{mapped[: LABEL - 9].rstrip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def labels(names: Iterable[str]) -> Mapping[str, str]:
    """Return the label of each name; raises UserError where two names get the same one."""
    owner: dict[str, str] = {}
    for name in names:
        other = owner.setdefault(label(name), name)
        if other != name:
            raise UserError(
                f"The models `{other}` and `{name}` are both called `{label(name)}` where only a-z, 0-9 and - are "
                "allowed, so one would replace the other.",
                "Rename one of them.",
            )
    return {name: of for of, name in owner.items()}


def oci_repository(model: str) -> str:
    """Return the model as the name of an image: lower case, `/` between parts, each part `a-z0-9` joined by `-`."""
    return "/".join(label(part) for part in model.split("/") if part)


def oci_tag(version: str) -> str:
    """Return the version as the tag of an image; `+`, which a tag cannot hold, is `_` as in Helm."""
    tag = version.replace("+", "_")
    if not re.fullmatch(rf"[A-Za-z0-9_][A-Za-z0-9._-]{{0,{OCI_TAG - 1}}}", tag):
        raise UserError(f"The version `{version}` cannot be the tag of an image.", "Use a shorter version.")
    return tag


def kubernetes_version(version: str) -> str:
    """Return the version as the value of a label: at most 63 letters, digits, `.`, `_`, `-`."""
    value = oci_tag(version)
    if len(value) > LABEL or not value[-1].isalnum():
        raise UserError(f"The version `{version}` cannot be the value of a Kubernetes label.", "Use a shorter version.")
    return value


def pep440(version: str) -> str:
    """Return the semantic version as Python writes it: `1.2.0-rc.1+gpu` is `1.2.0rc1+gpu`.

    Raises UserError for a pre-release that Python has no word for.
    """
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+){2})(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?", version)
    if not found:
        raise UserError(f"`{version}` is no version.", "Write it as 1.2.3.")
    core, pre, local = found.groups()
    after = f"+{local.lower().replace('-', '.')}" if local else ""
    if not pre:
        return f"{core}{after}"
    known = re.fullmatch(r"(alpha|a|beta|b|rc)\.?([0-9]*)", pre)
    if not known:
        raise UserError(
            f"The version `{version}` has no counterpart in Python packaging.", "Use -alpha.N, -beta.N or -rc.N."
        )
    return f"{core}{({'alpha': 'a', 'beta': 'b'}).get(known[1], known[1])}{int(known[2] or 0)}{after}"
