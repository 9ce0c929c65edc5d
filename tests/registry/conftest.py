import pytest

from support.story import Story


@pytest.fixture
def story() -> Story:
    """Return a repository without tags."""
    return Story()
