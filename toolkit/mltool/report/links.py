"""Where the words of a page may lead."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Links:
    """Addresses that the caller knows; empty where there is none.

    `commit` is what a SHA is put behind (`https://github.com/o/r/commit/`), `run` the CI run, `full` the HTML report.
    """

    commit: str = ""
    run: str = ""
    full: str = ""

    def commit_url(self, sha: str) -> str:
        """Return the address of a commit, empty when unknown or when `sha` is none."""
        return f"{self.commit}{sha}" if self.commit and re.fullmatch("[0-9a-f]{7,64}", sha) else ""
