"""`python -m stn_verify`: the command where its script is not on the path, as in a notebook."""

from stn_verify.cli.app import main

main()
