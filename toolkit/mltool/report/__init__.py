"""Changes and verdicts of one head → a Report (JSON, the source) → a Page → words."""
