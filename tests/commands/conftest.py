from collections.abc import Iterator

import pytest

from support import github


@pytest.fixture
def server() -> Iterator[github.Proxy]:
    """The API as GitHub answers it, check runs naming their app and pull requests."""
    with github.Proxy(github.shared_emulator(), like_github=True) as proxy:
        yield proxy
