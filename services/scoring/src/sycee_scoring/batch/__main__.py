"""`python -m sycee_scoring.batch`: what `sycee score` runs."""

import sys

from sycee_scoring.batch.command import main

sys.exit(main(sys.argv[1:]))
