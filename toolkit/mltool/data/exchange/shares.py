"""What a form without shares, in which a value may stand or may not, cannot say of a column."""

from collections.abc import Iterator

from mltool.data.contract import Column


def unwritten(name: str, column: Column) -> Iterator[str]:
    """Yield a sentence for each share of the column that is left out."""
    if 0 < column.missing < 1:
        yield f"`{name}`: any share may be missing, not only {column.missing:g}."
    if column.outside:
        yield f"`{name}`: its range is left out, since a share of {column.outside:g} may be outside."
    if column.unseen:
        yield f"`{name}`: its values are left out, since a share of {column.unseen:g} may be unseen."
