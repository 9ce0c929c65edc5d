"""The ML Test Score of a repository: facts → 28 answers → a number. Pure: no clock, no network, no program."""
