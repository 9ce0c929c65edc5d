"""`python -m mltool`."""

from mltool.cli import main

main()
