"""The scenes and their exact arithmetic lie beside the tests that import them by name, a right sampler beside the mutants."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
for folder in (HERE, HERE.parent / "mutants"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
