"""What a release contains: its files, their checksums, and the words that go with them."""
