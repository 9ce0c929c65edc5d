"""Will this flight arrive more than a quarter of an hour late? The pipeline that this repository itself runs."""
