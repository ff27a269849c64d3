"""The folders of a class server, and the names in the class's lists. For common.py and passwords.py."""

import os
from pathlib import Path

folder = Path(os.environ.get("DESCENT_CLASS", "/srv/descent/class"))
state = Path(os.environ.get("DESCENT_STATE", "/srv/descent/state"))


def names(file):
    """The names in a file of the class, in lower case as JupyterHub has them. What follows a # is a comment."""
    path = folder / file
    lines = path.read_text().lower().splitlines() if path.exists() else []
    return [name for line in lines if (name := line.partition("#")[0].strip())]
