"""Where finished bundles are kept: one module a kind of store."""
