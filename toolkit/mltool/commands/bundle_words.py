"""What package, verify and reproduce print: for people, and as JSON."""

import json
from dataclasses import asdict

from mltool.commands.package import Packaged
from mltool.commands.verify import Judged
from mltool.release.reproduction import Reproduction


def packaged(made: Packaged) -> str:
    """Return what was made, for people."""
    rows = "not replayed" if made.replayed is None else f"{made.replayed} golden rows predicted as expected"
    signed = {"off": "not signed", "ssh": "signed (SSH)", "dsse": "signed (SSH, in-toto statement)"}[made.signed]
    return f"{made.tar}\n  release {made.digest}\n  {made.tar.stat().st_size:,} bytes, {signed}, {rows}\n"


def packaged_json(made: Packaged) -> str:
    """Return the same as JSON."""
    words = {
        "bundle": str(made.tar),
        "model": made.manifest.model,
        "version": made.manifest.version,
        "digest": made.digest,
        "bytes": made.tar.stat().st_size,
        "signed": made.signed,
        "replayed": made.replayed,
    }
    return json.dumps(words, indent=2) + "\n"


def judged(found: Judged) -> str:
    """Return what was found, for people."""
    manifest = found.found.manifest
    lines = [f"{manifest.model} {manifest.version}  {found.found.digest}"]
    lines += [f"  ✗ {finding.sentence}" for finding in found.findings]
    if not found.findings:
        lines.append(f"  ✓ {len(found.found.sums)} files are those of the release")
        lines += [f"  ✓ signed by {signer}" for signer in found.signers]
    lines += [f"  – {note}" for note in found.notes]
    lines.append("Refused." if found.findings else "Good.")
    return "\n".join(lines) + "\n"


def judged_json(found: Judged) -> str:
    """Return the same as JSON."""
    words = {
        "model": found.found.manifest.model,
        "version": found.found.manifest.version,
        "digest": found.found.digest,
        "good": not found.findings,
        "findings": [asdict(finding) for finding in found.findings],
        "signers": found.signers,
        "notes": found.notes,
    }
    return json.dumps(words, indent=2, ensure_ascii=False) + "\n"


def reproduced(tag: str, found: Reproduction) -> str:
    """Return the answer for people."""
    lines = [f"{tag}: {_answer(found)}"]
    for file in found.files:
        mark = "=" if file.released == file.now else "≠"
        lines.append(f"  {mark} {file.path}  {file.now[:12] or 'was not made'}")
    lines += [f"  – {cause}" for cause in found.causes]
    return "\n".join(lines) + "\n"


def _answer(found: Reproduction) -> str:
    if found.outcome == "equal":
        return f"byte-equal. The pipeline makes the same {len(found.files)} files again."
    asked = found.predictions
    if asked is None or asked.problem:
        return f"different. {asked.problem if asked else 'Nothing could be predicted'}."
    far = f"at most {asked.max_difference:g} over {asked.rows} golden rows (allowed: {found.tolerance:g})"
    if found.outcome == "predictions":
        return f"prediction-equal. Other bytes, and predictions differ by {far}."
    labels = f" and {asked.labels} labels" if asked.labels else ""
    return f"different. Predictions differ by {far}{labels}."


def reproduced_json(tag: str, found: Reproduction) -> str:
    """Return the same as JSON."""
    return json.dumps({"tag": tag} | asdict(found), indent=2, ensure_ascii=False) + "\n"
