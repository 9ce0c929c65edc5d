"""A bundle's model: loaded, and shown to answer as it did when it was made."""

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from . import backends, golden, manifest, schema
from .golden import Difference, Golden
from .manifest import Release
from .schema import Predict, Rows, Schema


class NotReadyError(Exception):
    """The model must not serve; its text is a sentence."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """What serves, with all that is said about it."""

    release: Release
    schema: Schema
    rows: Rows
    golden: tuple[Golden, ...]
    predict: Predict = field(repr=False)

    @property
    def about(self) -> dict[str, str]:
        """Return model, version, digest and backend."""
        made = self.release.manifest
        return {
            "model": made.model,
            "version": made.version,
            "digest": self.release.digest,
            "backend": self.schema.backend,
        }


def load(folder: Path) -> Model:
    """Load the model of the bundle in `folder`, without asking it anything. Raises NotReadyError."""
    try:
        release = manifest.read(folder)
        described = schema.read((folder / "schema.json").read_bytes())
        examples = golden.read((folder / "golden.jsonl").read_bytes())
        rows = Rows.of(described)
        _check_rows(rows, examples)
        predict = backends.load(folder, described, release.manifest, examples)
    except OSError as error:
        raise NotReadyError(f"{error.filename} cannot be read: {error.strerror}.") from error
    except (manifest.ManifestError, schema.SchemaError, golden.GoldenError, backends.BackendError) as error:
        raise NotReadyError(str(error)) from error
    return Model(release=release, schema=described, rows=rows, golden=examples, predict=predict)


def replay(model: Model) -> tuple[Difference, ...]:
    """Return which golden predictions are different here. Raises NotReadyError where the model fails."""
    try:
        return golden.replay(model.predict, model.schema, model.golden)
    except Exception as error:
        # The model is any code; what it raises cannot be listed.
        raise NotReadyError(f"The model fails on the golden rows: {type(error).__name__}: {error}.") from error


def trusted(folder: Path) -> Model:
    """Load the model and return it once it is known to answer as it did when it was made. Raises NotReadyError."""
    _check_versions(folder)
    model = load(folder)
    if wrong := replay(model):
        raise NotReadyError(_words(wrong, len(model.golden)))
    return model


def _check_versions(folder: Path) -> None:
    """Before loading: what a library says of another version's model explains nothing."""
    try:
        skew = manifest.skew(manifest.read(folder).manifest)
    except (OSError, manifest.ManifestError) as error:
        raise NotReadyError(str(error)) from error
    if skew:
        raise NotReadyError(f"{'; '.join(skew)}. Install the bundle's requirements.txt.")


def _words(wrong: tuple[Difference, ...], rows: int) -> str:
    first, affected = wrong[0], len({each.id for each in wrong})
    return (
        f"{affected} of {rows} golden predictions are different here: {first.id} {first.field} is {first.got!r}, "
        f"it was {first.expected!r}."
    )


def _check_rows(rows: Rows, examples: tuple[Golden, ...]) -> None:
    """A golden row that a request could not send would say nothing about requests."""
    for each in examples:
        try:
            rows.read(msgspec.json.encode(each.row))
        except schema.RowsError as error:
            raise golden.GoldenError(f"golden.jsonl does not fit schema.json: {each.id}: {error}.") from error
