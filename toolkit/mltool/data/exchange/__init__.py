"""Contracts in the words of other tools, one file a format: `read` and `write`, and what each could not say."""
