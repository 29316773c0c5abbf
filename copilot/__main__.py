"""`python -m copilot`."""

from copilot.cli.main import main

main()
