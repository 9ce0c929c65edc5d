"""Where finished bundles are kept: one module a kind of store; that of GitHub is `forges/github_releases.py`."""
