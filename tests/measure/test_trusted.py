"""A model file is read by what we know and the policy says, never by what the file says of itself."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.preprocessing import FunctionTransformer

from mltool import measure
from mltool.errors import UserError
from mltool.measure.canonical import canonical
from mltool.serving import trusted

ROWS, TRUTH = load_iris(return_X_y=True)


def halved(rows: Any) -> Any:
    """Return half of the rows; a function of this project."""
    return rows / 2


def rewritten(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """Return the skops file with each entry changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return buffer.getvalue()


def test_a_type_of_ours_is_read_only_where_the_policy_lists_it(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    measure.save_model(FunctionTransformer(halved), path)
    name = f"{halved.__module__}.halved"
    with pytest.raises(trusted.UntrustedError) as refused:
        trusted.load(path)
    assert refused.value.types == (name,)
    assert trusted.load(path, [name]).transform(np.array([4.0])).tolist() == [2.0]
    with pytest.raises(UserError, match=r"\[models\.m\]: trusted = \[\"a\.B\", "):
        measure.load_model(path, name="m", trust=["a.B"])


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "subprocess.Popen", "mltool.shell.run"])
def test_a_file_that_asks_for_a_dangerous_function_is_refused_before_anything_is_built(
    name: str, tmp_path: Path
) -> None:
    module, _, function = name.rpartition(".")

    def forged(entry: str, content: bytes) -> bytes:
        document = json.loads(content)
        document["content"]["content"]["func"] |= {"__module__": module, "__class__": function}
        document["trusted"] = [name]  # a file that vouches for itself
        return json.dumps(document).encode()

    path = tmp_path / "model.skops"
    path.write_bytes(rewritten(skops.io.dumps(FunctionTransformer(np.log1p)), forged))
    with pytest.raises(trusted.UntrustedError, match=name):
        trusted.load(path)


def forged_trees(model: Any, field: str, value: int, tmp_path: Path) -> Path:
    """Write the model with `value` in a field of the first node of every tree."""

    def forged(entry: str, content: bytes) -> bytes:
        if not entry.endswith(".npy"):
            return content
        array = np.load(io.BytesIO(content))
        if array.dtype.names is None or field not in array.dtype.names or len(array) < 2:
            return content
        array[field][0] = value
        buffer = io.BytesIO()
        np.save(buffer, array)
        return buffer.getvalue()

    path = tmp_path / "model.skops"
    path.write_bytes(rewritten(canonical(skops.io.dumps(model.fit(ROWS, TRUTH))), forged))
    return path


@pytest.mark.parametrize(
    ("model", "field", "value", "part"),
    [
        (RandomForestClassifier(3, random_state=0), "left_child", 1_000_000, "branches"),
        (RandomForestClassifier(3, random_state=0), "right_child", 0, "branches"),
        (RandomForestClassifier(3, random_state=0), "feature", 4, "features"),
        (GradientBoostingClassifier(n_estimators=2, random_state=0), "feature", -7, "features"),
        (HistGradientBoostingClassifier(max_iter=2, random_state=0), "right", 1_000_000, "branches"),
        (HistGradientBoostingClassifier(max_iter=2, random_state=0), "feature_idx", 9, "features"),
    ],
)
def test_a_forged_tree_that_would_lead_out_of_memory_is_refused(
    model: Any, field: str, value: int, part: str, tmp_path: Path
) -> None:
    with pytest.raises(trusted.BrokenError, match=f"a tree's {part} lead out of it"):
        trusted.load(forged_trees(model, field, value, tmp_path))


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04 cut off"])
def test_what_is_no_skops_file_is_a_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"model\.skops cannot be loaded: it is no skops file"):
        measure.load_model(path)


def test_a_file_of_another_kind_or_none_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        measure.load_model(tmp_path / "model.skops")
    (tmp_path / "model.h5").write_bytes(b"")
    with pytest.raises(UserError, match=r"a model is read from \.skops or \.joblib"):
        measure.load_model(tmp_path / "model.h5")
    (tmp_path / "model.pkl").write_bytes(b"broken")
    with pytest.raises(UserError, match="is a pickle"):
        measure.load_model(tmp_path / "model.pkl")
    with pytest.raises(UserError, match="cannot be loaded"):
        measure.load_model(tmp_path / "model.pkl", pickle=True)
