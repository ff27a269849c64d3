"""Start JupyterLab as the lab wants it: it ends when the lab does, and tells the lab which pages hold unsaved edits."""

import os
import shutil
import signal
import sys
import threading
import time

from jupyterlab import commands

# JupyterLab would ask Node for the settings of a build that is never made, half a second where there is a Node.
commands._yarn_config = lambda logger: {"yarn config": {}, "npm config": {}}
from jupyter_server.serverapp import ServerApp
from jupyterlab.labapp import LabApp
from traitlets import default


class Server(ServerApp):
    """Unless a configuration says where, it serves at an address in numbers: a browser looks for localhost at ::1 first, where another
    user's program could wait for the token."""

    @default("ip")
    def _address(self):
        return "127.0.0.1"


LabApp.serverapp_class = Server

orphaned = threading.Event()


def end_with_the_lab():
    """Standard input is a pipe whose other end closes when the lab ends, however it ends."""
    while sys.stdin.buffer.raw.read(1):
        pass
    orphaned.set()
    os.kill(os.getpid(), signal.SIGTERM)  # in order, kernels too
    time.sleep(10)  # a machine under load may need more, and a kernel may hang
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os.kill(os.getpid(), signal.SIGKILL)


threading.Thread(target=end_with_the_lab, daemon=True).start()
app = LabApp
if "JUPYTERHUB_API_TOKEN" in os.environ:  # the hub says where to serve, and who may enter; JupyterLab is an extension of its server
    from jupyterhub.singleuser.extension import JupyterHubSingleUser as app
try:
    app.launch_instance(sys.argv[1:])
finally:
    if orphaned.is_set():  # else the lab removes it
        shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
