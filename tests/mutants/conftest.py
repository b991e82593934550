"""The corpus' modules import each other by name, as a target's file may import what lies beside it."""

import sys
from pathlib import Path

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.append(HERE)
