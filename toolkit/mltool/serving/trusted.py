"""Read a skops file, and only what we know or were told to trust: the file itself is never asked what it holds.

skops trusts the public estimators of scikit-learn. Many fitted models also hold private types of it, listed here.
Trees are among them although skops leaves them out: a forged tree can send scikit-learn out of its memory, since it
follows the numbers in a tree unchecked. Here they are checked before the model is handed out.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import skops.io

from .trees import broken

TYPES = frozenset(
    {
        "builtins.object",
        "functools.partial",
        "numpy.dtype",
        "numpy.mean",
        "numpy.median",
        "scipy._lib.array_api_compat.numpy._aliases.asarray",
        "scipy.interpolate._bsplines.BSpline",
        "scipy.sparse._csc.csc_array",
        "scipy.sparse._csc.csc_matrix",
        "scipy.sparse._csr.csr_array",
        "scipy.sparse._csr.csr_matrix",
        "sklearn._loss.loss.HalfTweedieLoss",
        "sklearn._loss.loss.HalfTweedieLossIdentity",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.calibration._TemperatureScaling",
        "sklearn.cluster._bisect_k_means._BisectingTree",
        "sklearn.cluster._kmeans._kmeans_single_elkan",
        "sklearn.cluster._kmeans._kmeans_single_lloyd",
        "sklearn.compose._column_transformer._RemainderColsList",
        "sklearn.compose._column_transformer.make_column_selector",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.feature_selection._mutual_info.mutual_info_classif",
        "sklearn.feature_selection._mutual_info.mutual_info_regression",
        "sklearn.feature_selection._univariate_selection.chi2",
        "sklearn.feature_selection._univariate_selection.f_classif",
        "sklearn.feature_selection._univariate_selection.f_regression",
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        "sklearn.gaussian_process.kernels.ConstantKernel",
        "sklearn.gaussian_process.kernels.DotProduct",
        "sklearn.gaussian_process.kernels.Matern",
        "sklearn.gaussian_process.kernels.Product",
        "sklearn.gaussian_process.kernels.RBF",
        "sklearn.gaussian_process.kernels.RationalQuadratic",
        "sklearn.gaussian_process.kernels.Sum",
        "sklearn.gaussian_process.kernels.WhiteKernel",
        "sklearn.metrics._classification.balanced_accuracy_score",
        "sklearn.metrics._dist_metrics.ChebyshevDistance64",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.metrics._dist_metrics.ManhattanDistance64",
        "sklearn.metrics._dist_metrics.MinkowskiDistance64",
        "sklearn.metrics._scorer._CurveScorer",
        "sklearn.metrics._scorer._PassthroughScorer",
        "sklearn.metrics._scorer._Scorer",
        "sklearn.model_selection._search_successive_halving.HalvingGridSearchCV",
        "sklearn.model_selection._search_successive_halving.HalvingRandomSearchCV",
        "sklearn.model_selection._split.KFold",
        "sklearn.model_selection._split.StratifiedKFold",
        "sklearn.model_selection._split.TimeSeriesSplit",
        "sklearn.multiclass._ConstantPredictor",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._ball_tree.BallTree64",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neighbors._kd_tree.KDTree64",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
        "sklearn.utils._metadata_requests.MetadataRequest",
        "sklearn.utils._metadata_requests.MethodMetadataRequest",
        "sklearn.utils.validation.check_array",
    }
)


class UntrustedError(ValueError):
    """The file holds types that nobody said to trust; `types` names them. Nothing of it was loaded."""

    def __init__(self, types: tuple[str, ...]) -> None:
        super().__init__(f"it holds types that are not trusted: {', '.join(types)}")
        self.types = types


class BrokenError(ValueError):
    """The file is no skops file, or cannot be read with the installed versions."""


def load(path: Path, trusted: Collection[str] = ()) -> Any:
    """Return the model in a skops file. `trusted` are the types of the repository's policy.

    Raises UntrustedError, BrokenError, and OSError where the file cannot be read.
    """
    data = path.read_bytes()
    if unknown := sorted(set(types(data)) - TYPES - set(trusted)):
        raise UntrustedError(tuple(unknown))
    try:
        model = skops.io.loads(data, trusted=sorted(TYPES | set(trusted)))
    except Exception as error:
        # Constructing calls whatever the installed scikit-learn does with a state of another version.
        raise BrokenError(f"{type(error).__name__}: {_first_line(error)}") from error
    if wrong := broken(model):
        raise BrokenError(wrong)
    return model


def types(data: bytes) -> tuple[str, ...]:
    """Return the types in a skops file that skops does not trust by itself. Raises BrokenError."""
    try:
        return tuple(skops.io.get_untrusted_types(data=data))
    except Exception as error:
        raise BrokenError(f"it is no skops file ({type(error).__name__}: {_first_line(error)})") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:300]
