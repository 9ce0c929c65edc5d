"""The distributions that gates need, held against scipy's."""

import math
import subprocess
import sys

import pytest
from scipy import special, stats

from mltool.gates import distributions

FREEDOMS = [1, 1.5, 2, 2.7, 3, 8, 19, 49.9, 200, 999.5, 1_000, 31_000, 1e6, 1e9, math.inf]


@pytest.mark.parametrize("freedom", FREEDOMS)
@pytest.mark.parametrize("t", [-30.0, -5.0, -2.3, -1.0, -0.3, -1e-5, 0.0, 1e-9, 0.7, 5.0, 20.0])
def test_student_is_that_of_scipy(freedom: float, t: float) -> None:
    expected = stats.t.cdf(t, freedom) if math.isfinite(freedom) else special.ndtr(t)
    assert distributions.student(t, freedom) == pytest.approx(expected, rel=2e-8, abs=1e-200)
    assert distributions.student(t, freedom) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("freedom", FREEDOMS)
@pytest.mark.parametrize("share", [1e-12, 1e-3, 0.05, 0.3, 0.5, 0.8, 0.95, 0.999])
def test_its_quantiles_are_those_of_scipy(freedom: float, share: float) -> None:
    expected = stats.t.ppf(share, freedom) if math.isfinite(freedom) else special.ndtri(share)
    assert distributions.student_quantile(share, freedom) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("tosses", [1, 2, 5, 10, 1_000, 30_000, 1_000_000])
@pytest.mark.parametrize("errors", [-20, -3, -1, 0, 1, 3])
def test_coins_are_those_of_scipy(tosses: int, errors: float) -> None:
    most = round(tosses / 2 + errors * math.sqrt(tosses) / 2)
    expected = special.bdtr(most, tosses, 0.5) if 0 <= most <= tosses else float(most > tosses)
    assert distributions.coin(most, tosses) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("z", [-37.0, -8.5, -1.6, 0.0, 2.3, 9.0])
def test_the_normal_is_exact_in_its_tail(z: float) -> None:
    assert distributions.normal(z) == pytest.approx(special.ndtr(z), rel=1e-11)


def test_shares_of_nothing_and_of_all_lie_at_the_ends() -> None:
    assert [distributions.normal_quantile(share) for share in (0.0, 1.0)] == [-math.inf, math.inf]
    assert [distributions.beta(2, 3, x) for x in (0.0, 1.0)] == [0.0, 1.0]


def test_a_paired_comparison_loads_no_scipy() -> None:
    asked = "import sys, mltool.paired.gated, mltool.paired.repeats; print('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True, text=True).stdout == "False\n"
