"""Model tests in pytest: fixtures (`plugin`) and assertions (`check`). The other door beside the command line."""
