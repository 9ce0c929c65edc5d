"""Which way is better, for metrics whose name everybody reads the same way."""

import re

from mltool.gates.verdict import Direction

_HIGHER = """
    accuracy acc auc auroc auprc aucpr ap map f1 f2 fbeta precision recall sensitivity specificity tpr tnr r2
    bleu rouge meteor ndcg mrr iou miou dice jaccard mcc kappa psnr ssim throughput likelihood silhouette
    pearson spearman kendall top1 top5 hits similarity elbo coverage
"""
_LOWER = """
    loss error errors err rmse mse mae mape smape rmsle msle mase logloss nll brier ece mce perplexity ppl latency
    seconds secs ms duration time bytes kb mb gb size memory rss wer cer ter fid kid crossentropy entropy deviance
    fpr fnr eer kl divergence cost misclassification residual regret violations hinge pinball drift
"""
# A name that ends so is about a metric and is none itself, whatever stands before it.
_NEITHER = """
    std stdev stddev var variance sem n count support threshold epoch epochs step steps seed lr lower upper low high
    ci iteration iterations rows
"""
_WORDS: dict[str, Direction | None] = {
    **dict.fromkeys(_HIGHER.split(), "higher"),
    **dict.fromkeys(_LOWER.split(), "lower"),
    **dict.fromkeys(_NEITHER.split(), None),
}


def direction(key: str) -> Direction | None:
    """Return which way is better for the metric `key` (dotted), or None where the name does not say.

    The last telling word decides: `val.loss` is lower, `loss_std` neither. scikit-learn's `neg_…` scores turn round.
    """
    words = re.findall(r"[a-z]+[0-9]*", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", key).lower())
    found = next((_WORDS[word] for word in reversed(words) if word in _WORDS), None)
    if found and "neg" in words:
        return "lower" if found == "higher" else "higher"
    return found
