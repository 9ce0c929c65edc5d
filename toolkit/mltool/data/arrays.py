"""Arrow's arrays as numpy's and back, without `to_numpy` and `pyarrow.array`: these load pandas, which takes longer
than most tables do."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def floats(array: pa.Array) -> NDArray[np.float64]:
    """Return any numbers, shape (n,), NaN where one is missing; not to be written to."""
    plain = array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
    values: NDArray[np.float64] = fixed(plain.cast(pa.float64(), safe=False))
    return np.where(missing(array), np.nan, values) if array.null_count else values


def fixed(array: pa.Array) -> NDArray[Any]:
    """Return integers or floats, shape (n,), anything where one is missing; not to be written to."""
    full = pa.Array.from_buffers(array.type, len(array), [None, array.buffers()[1]], offset=array.offset)
    found: NDArray[Any] = np.from_dlpack(full)
    return found


def missing(array: pa.Array) -> NDArray[np.bool_]:
    """Return where nulls are, shape (n,); NaN is none."""
    return fixed(array.is_null().cast(pa.uint8())).astype(np.bool_)


def places(at: NDArray[np.int64]) -> pa.Array:
    """Return the same integers for Arrow."""
    return pa.Array.from_buffers(pa.int64(), len(at), [None, pa.py_buffer(np.ascontiguousarray(at))])
