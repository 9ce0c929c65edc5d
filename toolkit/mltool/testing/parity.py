"""The model as it was trained against the model as it is served."""

import pandas as pd

from mltool.errors import UserError
from mltool.testing.processes import same_answers
from mltool.testing.subject import Subject


def served(model: Subject, rows: pd.DataFrame, *, tolerance: float | None = None) -> None:
    """Assert that the server's backend (ONNX or scikit-learn, after the export) says of `rows`, as a request would
    send them, what the fitted model says of the table.

    `tolerance` is that of the export by default. Raises UserError where there is no export, and for a loader, which is
    the same code on both sides.
    """
    __tracebackhide__ = True
    if model.recipe.loader:
        raise UserError(f"{model.name} is run by its loader when it is tested and when it is served: nothing differs.")
    allowed = model.shape.tolerance if tolerance is None else tolerance
    said = model.served(rows)
    known = model.predict(rows)
    if model.shape.task == "regression":
        # The export's tolerance is relative for values.
        scale = known["value"].abs().clip(lower=1.0)
        known, said = known.div(scale, axis=0), said.div(scale, axis=0)
    names = [name for name in said.columns if name in known.columns]
    same_answers(known[names], said[names], rows, tolerance=allowed, names=("trained", "served"))
