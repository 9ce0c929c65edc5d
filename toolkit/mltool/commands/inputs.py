"""Put the data that stages read into a clone, out of what DVC stored, each file compared with its hash."""

from collections.abc import Iterable, Mapping

from mltool import dvc, git
from mltool.errors import UserError
from mltool.snapshot import lookup
from mltool.snapshot.lookup import Place
from mltool.snapshot.model import Output


def lay_out(clone: git.Project, outs: Iterable[Output]) -> None:
    """Write these outputs into the clone. Raises UserError and OutsideError for data that cannot be had, RefusedError
    for data that is not what its hash says.
    """
    storage = dvc.Storage(clone.folder)
    wanted = tuple(outs)
    if wanted and any(folder is None for _, folder in storage.config.remotes):
        # In one go, into the cache; what does not come is named below.
        dvc.run(clone.folder, "fetch", "--quiet", *(out.path for out in wanted))
    for out in wanted:
        for path, digest in _files(out, storage).items():
            place = clone.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            dvc.copy(storage, path, digest, place)


def _files(out: Output, storage: dvc.Storage) -> Mapping[str, str]:
    if not out.hash:
        raise UserError(
            f"{out.path} was never made: dvc.lock has no hash of it.", "Run `dvc repro` and commit dvc.lock."
        )
    where = Place(out=out)
    if not lookup.is_directory(where):
        return {out.path: out.hash}
    listing = storage((out.hash,)).get(out.hash)
    if listing is None:
        raise UserError(f"Which files {out.path} holds is nowhere to be read.", "Run `dvc push` where it was made.")
    return lookup.files(where, lookup.manifest(listing))
