"""Exact splines lie beside the tests of the reference's."""

import sys
from pathlib import Path

EXACT = str(Path(__file__).parents[1] / "reference" / "generators")
if EXACT not in sys.path:
    sys.path.append(EXACT)
