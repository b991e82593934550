"""What some checks need beside the harness itself: optional dependencies, by the name of their extra."""

import importlib.util
from types import MappingProxyType

EXTRAS = MappingProxyType({"training": {"sklearn": "scikit-learn", "PIL": "pillow"}})
"""Of each extra, the modules that are imported and the distributions that hold them."""


def not_installed(extra: str) -> str | None:
    """Why checks with that extra cannot run here; None where they can."""
    missing = [name for module, name in EXTRAS[extra].items() if importlib.util.find_spec(module) is None]
    if not missing:
        return None
    return f"needs {' and '.join(missing)}: pip install 'stn-verify[{extra}]'"
