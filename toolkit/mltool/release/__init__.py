"""What a release is, what it replaces, and the steps there and back; all of it data before it is done."""
