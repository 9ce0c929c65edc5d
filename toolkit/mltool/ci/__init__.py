"""What runs the jobs. One file a CI system: its environment → Build."""
