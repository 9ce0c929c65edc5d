"""Who may sign: the file of allowed signers, as `man ssh-keygen` describes it."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

NAMESPACE: Final = "mltool"
OPTION = re.compile(r'(?P<name>[A-Za-z-]+)(?:="(?P<value>[^"]*)")?(?:,|$)')
LINE = re.compile(
    r'(?P<principals>\S+)\s+(?:(?P<options>(?:[^\s"]|"[^"]*")+)\s+)??(?P<type>(?:ssh|ecdsa|sk)-\S+)\s+(?P<key>\S+)'
)


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """One key that may sign. `blob` is the public key as SSH sends it; the times are seconds since 1970."""

    principals: str
    blob: bytes
    namespaces: tuple[str, ...] = ()
    after: float | None = None
    before: float | None = None


def parse(text: str) -> tuple[Allowed, ...]:
    """Return the keys of the file; raises ValueError naming a line that cannot be read."""
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return tuple(_entry(number, line) for number, line in lines if line and not line.startswith("#"))


def signer(allowed: tuple[Allowed, ...], blob: bytes, *, now: float) -> tuple[str, str]:
    """Return whose key this is and an empty word, or nothing and why the key does not count at `now`."""
    problem = "nobody on the list of allowed signers has this key"
    for entry in allowed:
        if entry.blob != blob:
            continue
        if entry.namespaces and NAMESPACE not in entry.namespaces:
            problem = f"the key of {entry.principals} may not sign for `{NAMESPACE}`"
        elif entry.before is not None and now > entry.before:
            problem = f"the key of {entry.principals} has expired"
        elif entry.after is not None and now < entry.after:
            problem = f"the key of {entry.principals} is not valid yet"
        else:
            return entry.principals, ""
    return "", problem


def _entry(number: int, line: str) -> Allowed:
    found = LINE.match(line)
    if found is None:
        raise ValueError(f"line {number} is not `PRINCIPAL [OPTIONS] KEYTYPE KEY`")
    options = dict(_options(found["options"] or ""))
    if "cert-authority" in options:
        raise ValueError(f"line {number} is a certificate authority, which in-toto statements cannot use")
    try:
        return Allowed(
            principals=found["principals"].strip('"'),
            blob=base64.b64decode(found["key"], validate=True),
            namespaces=tuple(filter(None, options.get("namespaces", "").split(","))),
            after=_time(options.get("valid-after")),
            before=_time(options.get("valid-before")),
        )
    except (ValueError, binascii.Error) as error:
        raise ValueError(f"line {number} has a key or a time that cannot be read") from error


def _options(text: str) -> Iterator[tuple[str, str]]:
    for match in OPTION.finditer(text):
        yield match["name"].lower(), match["value"] or ""


def _time(text: str | None) -> float | None:
    """Return seconds for `YYYYMMDD[HHMM[SS]][Z]`. Without Z ssh-keygen means local time; we take the stricter UTC."""
    if text is None:
        return None
    digits = text.removesuffix("Z")
    layout = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}.get(len(digits), "")
    return datetime.strptime(digits, layout).replace(tzinfo=UTC).timestamp()
