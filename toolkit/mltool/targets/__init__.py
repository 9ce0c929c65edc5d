"""Where a model runs: one module a kind of target."""
