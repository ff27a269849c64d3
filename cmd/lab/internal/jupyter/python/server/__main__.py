"""Start JupyterLab as the lab wants it: it ends when the lab does, and tells the lab which pages hold unsaved edits."""

import os
import shutil
import signal
import sys
import threading
import time

# What takes half of the start to no purpose: a grammar of internationalized addresses, which no schema of JupyterLab asks
# for, and Node with the settings of a build that is never made.
sys.modules["rfc3987_syntax"] = None
from jupyterlab import commands

commands._yarn_config = lambda logger: {"yarn config": {}, "npm config": {}}
from jupyterlab.labapp import LabApp


orphaned = threading.Event()


def end_with_the_lab():
    """Standard input is a pipe whose other end closes when the lab ends, however it ends."""
    while sys.stdin.buffer.raw.read(1):
        pass
    orphaned.set()
    os.kill(os.getpid(), signal.SIGTERM)  # in order, kernels too
    time.sleep(10)
    os.kill(os.getpid(), signal.SIGKILL)


threading.Thread(target=end_with_the_lab, daemon=True).start()
try:
    LabApp.launch_instance(sys.argv[1:])
finally:
    if orphaned.is_set():  # else the lab removes it
        shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
