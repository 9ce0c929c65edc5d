"""The image that somebody built from a bundle, by a pattern that names the version."""

import re

from mltool.errors import UserError
from mltool.release import names
from mltool.targets.target import Delivery, Running


def named(pattern: str, release: Delivery | Running, *, environment: str) -> str:
    """Return the image of this release: `{version}` and `{digest}` (12 hexadecimal digits) are filled in.

    Raises UserError for a pattern that is the same for every version, and for one that names no image.
    """
    found = pattern.replace("{version}", names.oci_tag(release.version))
    found = found.replace("{digest}", release.digest.removeprefix("sha256:")[:12])
    where = f"[environments.{environment}.settings]: `image` is `{pattern[:100]}`"
    if found == pattern:
        raise UserError(f"{where}, the same for every version.", "Put {version} or {digest} into it.")
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9._:/@-]{0,254}", found):
        raise UserError(f"{where}, which names no image.", "Write it as registry.example.org/delay:{version}.")
    return found
