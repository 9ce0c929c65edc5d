"""Templates and answers → files, and what writing them would change."""
