"""The third answer of a model test."""


class UndecidedError(AssertionError):
    """The rows are too few to tell. It fails a test, as it is no pass, unless the repository says otherwise."""
