"""The folders of a class server, and the names in the class's lists. For common.py and passwords.py."""

import os
import re
import sys
from pathlib import Path

folder = Path(os.environ.get("DESCENT_CLASS", "/srv/descent/class"))
state = Path(os.environ.get("DESCENT_STATE", "/srv/descent/state"))
PATTERN = r"^[a-z0-9][a-z0-9._@-]{0,63}$"  # a name is also that of a folder or of a volume


def names(file):
    """The names in a file of the class, in lower case as JupyterHub has them. What follows a # is a comment.

    A line that is no name is skipped with a warning, so that the others can work."""
    path = folder / file
    found = []
    for number, line in enumerate(path.read_bytes().splitlines() if path.exists() else [], 1):
        text = line.decode("utf-8-sig", "replace").partition("#")[0].strip()  # editors on Windows begin a file with a mark
        if re.fullmatch(PATTERN, text.lower()):
            found.append(text.lower())
        elif text:
            print(f"warning: {path}, line {number} is skipped: {text!r} is no name, which has up to 64 of the characters a-z, 0-9, ., _, -, @ "
                  "and begins with a letter or a digit", file=sys.stderr)
    return found
