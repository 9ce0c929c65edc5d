from collections.abc import Iterator

import pytest

from support import github


@pytest.fixture
def proxy() -> Iterator[github.Proxy]:
    with github.Proxy(github.shared_emulator()) as proxy:
        yield proxy
