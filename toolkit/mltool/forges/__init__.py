"""Where pull requests live. One file a forge; what it can do is what functions it has."""
