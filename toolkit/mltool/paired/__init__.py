"""Two models on the same rows: the difference of a metric, and how sure one can be of it. Numbers in, numbers out."""
