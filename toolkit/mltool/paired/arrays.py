"""Between Arrow and numpy, without a copy and without pandas, which pyarrow's own ways load where it is installed."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def numbers(column: pa.Array) -> NDArray[Any]:
    """Return the values of a column of numbers in which nothing is missing, to be read only."""
    return np.from_dlpack(column) if len(column) else np.zeros(0, column.type.to_pandas_dtype())


def column(places: NDArray[np.intp]) -> pa.Array:
    """Return positions, as Arrow takes them."""
    return pa.Array.from_buffers(pa.int64(), len(places), [None, pa.py_buffer(np.ascontiguousarray(places))])
