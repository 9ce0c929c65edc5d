"""Which way is better, for metrics whose name everybody reads the same way."""

import re
from collections.abc import Iterator
from typing import Final, Literal

from mltool.gates.verdict import Direction

Telling = Direction | Literal["neither", "about"]

# Names stand apart by commas. The longest that fits wins: `cross entropy` tells, `entropy` does not.
_HIGHER = """
    accuracy, acc, auc, auroc, auprc, aucpr, ap, map, mar, f1, f2, fbeta, precision, recall, sensitivity, specificity
    tpr, tnr, r2, d2 absolute error, d2 pinball, d2 tweedie, d2 log loss, d2 brier, explained variance
    bleu, sacrebleu, chrf, rouge, meteor, exact match, ndcg, mrr, hits, hit rate, top1, top5
    iou, io u, miou, dice, jaccard, mcc, matthews corrcoef, kappa, adjusted rand, adjusted mutual info, silhouette
    reciprocal rank, pearsonr, spearmanr, kendalltau
    psnr, ssim, likelihood, elbo, pearson, spearman, kendall, similarity, pass rate, success rate, win rate
    throughput, samples per second, steps per second, tokens per second, rows per second, requests per second
"""
_LOWER = """
    loss, error, errors, err, rmse, mse, mae, mape, smape, mdape, wape, wmape, rmsle, msle, mase, crps
    logloss, nll, negative log likelihood, negative likelihood, crossentropy, cross entropy, perplexity, ppl
    brier, ece, mce, hinge, pinball, deviance, divergence, misclassification, cost, regret, violations, drift
    false positive rate, false negative rate, fpr, fnr, eer, wer, cer, ter, fid, kid, hamming distance
    latency, seconds, secs, ms, duration, runtime, fit time, score time, train time, training time, predict time
    prediction time, inference time, run time, wall time, cpu time, response time, elapsed time
    bytes, kb, mb, gb, memory, rss, model size
"""
# A name that ends so is about a metric and is none itself.
_NEITHER = """
    n, count, support, epoch, epochs, step, steps, lr, lower, upper, low, high, ci, iteration, iterations, rows
    time, size, mean error, per second
"""
# One of these anywhere, and the name is about a metric: how it spreads, how it moved, where it was cut, how much it
# weighs, what a dummy gets. Which way is better for that, if any, is not the metric's own way.
_ABOUT = """
    std, stdev, stddev, stderr, sem, var, variance, interval, pvalue, p value, statistic, rank, threshold, seed
    drop, gap, diff, difference, delta, change, reduction, improvement, gain, savings, saved, free
    weight, weights, scale, limit, budget, tolerance, baseline, dummy
"""


def _names(block: str) -> list[tuple[str, ...]]:
    return [tuple(name.split()) for name in re.split(r"[,\n]", block) if name.strip()]


_TELLING: Final[dict[tuple[str, ...], Telling]] = {
    **dict.fromkeys(_names(_HIGHER), "higher"),
    **dict.fromkeys(_names(_LOWER), "lower"),
    **dict.fromkeys(_names(_NEITHER), "neither"),
    **dict.fromkeys(_names(_ABOUT), "about"),
}
_LONGEST: Final = max(map(len, _TELLING))


def direction(key: str) -> Direction | None:
    """Return which way is better for the metric `key` (dotted), or None where the name does not say.

    The last telling name decides: `val.loss` is lower, `loss_std` neither. What a metric is taken at does not count
    (`recall_at_fpr`, `TPR@FPR=0.01`), and a part of the key that says the opposite leaves it open, for it may be a
    class or a group (`f1.latency`). Silence is better than the wrong way.
    """
    told = [found for part in re.split("[./]", key) if (found := _part(_words(part)))]
    if not told or told[-1] == "neither" or "about" in told:
        return None
    ways: set[Direction] = {found for found in told if found in ("higher", "lower")}
    return ways.pop() if len(ways) == 1 else None


def _part(words: tuple[str, ...]) -> Telling | None:
    """Return what one part of a key tells. scikit-learn's `neg_…` scores turn round."""
    told = list(_told(words))
    if "about" in told:
        return "about"
    if not told or "neg" not in words or told[-1] == "neither":
        return told[-1] if told else None
    if told[-1] == "lower":
        return "higher"
    return "lower" if {"likelihood", "elbo"} & {*words} else "about"  # `neg_precision`: of a class?


def _told(words: tuple[str, ...]) -> Iterator[Telling]:
    at = 0
    while at < len(words):
        fits = (length for length in range(_LONGEST, 0, -1) if words[at : at + length] in _TELLING)
        length = next(fits, 1)
        # `rouge1`, `mAP50`: the number says which, the name says what.
        bare = (words[at].rstrip("0123456789"),)
        if found := _TELLING.get(words[at : at + length]) or _TELLING.get(bare):
            yield found
        at += length


def _words(part: str) -> tuple[str, ...]:
    """Return the words of one part of a key, up to what the metric is taken at."""
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", part.partition("@")[0]).lower()
    words = re.findall(r"[a-z]+[0-9]*", split)
    return tuple(words[: words.index("at")] if "at" in words else words)
