"""The bill of materials of a release, for machines: CycloneDX 1.6 with its model card (https://cyclonedx.org/docs/1.6/json/)."""

import json
import uuid
from collections.abc import Iterable
from typing import Any, Final

from mltool.bundle.requirements import Requirement
from mltool.release.model import File, Input, Manifest
from mltool.serving.schema import Schema

NAMESPACE: Final = uuid.UUID("6b0c4e86-5a0f-5b7e-9c39-2f1a3c1d7e44")
MODEL: Final = "model"
KIND: Final = {"binary": "classification", "multiclass": "classification", "regression": "regression"}


def render(manifest: Manifest, schema: Schema, packages: Iterable[Requirement], *, digest: str) -> str:
    """Return the document; `schema` is what the model takes and gives, `packages` what serving installs, `digest` the
    manifest's. It holds no clock.
    """
    libraries = [_library(package) for package in packages]
    sources = [_source(each, role) for role in ("data", "params", "code") for each in getattr(manifest, role)]
    own = [file for file in manifest.files if file.role == "model"]
    files = [_file(file) for file in manifest.files if file.role != "server" and own != [file]]
    components = [*sources, *files, *libraries]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, digest)}",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "mltool", "version": manifest.tool or "0"}]},
            "component": _model(manifest, own, digest) | {"modelCard": _card(manifest, schema)},
        },
        "components": components,
        "dependencies": [{"ref": MODEL, "dependsOn": [component["bom-ref"] for component in components]}],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _model(manifest: Manifest, own: list[File], digest: str) -> dict[str, Any]:
    """Describe the model; one of several files has no hash of its own, they have theirs."""
    found = {
        "type": "machine-learning-model",
        "bom-ref": MODEL,
        "name": manifest.model,
        "version": manifest.version,
        "description": manifest.card.get("intended_use", ""),
        "hashes": [{"alg": "SHA-256", "content": own[0].sha256}] if len(own) == 1 else [],
        "licenses": [{"expression": manifest.card["license"]}] if manifest.card.get("license") else [],
        "properties": _properties(release=digest, tree=manifest.tree, pickle=str(manifest.pickle).lower()),
    }
    return {key: value for key, value in found.items() if value}


def _card(manifest: Manifest, schema: Schema) -> dict[str, Any]:
    metrics = [
        {"type": metric.key, "value": str(metric.value), "slice": metric.path}
        for metric in manifest.metrics
        if metric.value is not None
    ]
    owner, use, limits = (manifest.card.get(name, "") for name in ("owner", "intended_use", "limits"))
    considerations = {"users": [owner], "useCases": [use], "technicalLimitations": [limits]}
    return {
        "modelParameters": {
            "approach": {"type": "supervised"},
            "task": KIND[schema.task],
            "datasets": [{"ref": _reference("data", each)} for each in manifest.data],
            "inputs": [{"format": f"{each.name}: {each.expected}"} for each in schema.inputs],
            "outputs": [{"format": schema.task}],
        },
        "quantitativeAnalysis": {"performanceMetrics": metrics},
        "considerations": {name: words for name, words in considerations.items() if any(words)},
    }


def _library(package: Requirement) -> dict[str, Any]:
    """Describe one package. An installer chooses among files: their hashes stand with the download, not the package."""
    hashes = [{"alg": "SHA-256", "content": content} for content in package.hashes]
    page = f"https://pypi.org/project/{package.name}/{package.version}/"
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"library:{package.name}@{package.version}{f';{package.marker}' if package.marker else ''}",
        "name": package.name,
        "version": package.version,
        "purl": f"pkg:pypi/{package.name}@{package.version}",
        "externalReferences": [{"type": "distribution", "url": page, "hashes": hashes}],
    }
    properties = _properties(marker=package.marker)
    return found | ({"properties": properties} if properties else {})


def _source(each: Input, role: str) -> dict[str, Any]:
    algorithm, _, content = each.hash.partition(":")
    name = {"md5": "MD5", "sha256": "SHA-256"}.get(algorithm)
    # A folder's hash is that of DVC's list of it, which is no content of anything.
    plain = name is not None and not content.endswith(".dir")
    return {
        "type": "data" if role == "data" else "file",
        "bom-ref": _reference(role, each),
        "name": each.path,
        **({"hashes": [{"alg": name, "content": content}]} if plain else {}),
        **({"data": [{"type": "dataset", "name": each.path}]} if role == "data" else {}),
        "properties": _properties(role=role, digest=each.hash, bytes="" if each.size is None else str(each.size)),
    }


def _file(file: File) -> dict[str, Any]:
    return {
        "type": "file",
        "bom-ref": f"file:{file.path}",
        "name": file.path,
        "hashes": [{"alg": "SHA-256", "content": file.sha256}],
        "properties": _properties(role=file.role, source=file.source),
    }


def _reference(role: str, each: Input) -> str:
    return f"{role}:{each.path}"


def _properties(**values: str) -> list[dict[str, str]]:
    return [{"name": f"mltool:{name}", "value": value} for name, value in values.items() if value]
