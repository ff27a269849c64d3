"""A Jupyter server extension: pages tell which notebooks hold unsaved edits, and the lab asks them to save."""

import json
import time

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

# A page in the background may be given a second of time in a minute.
FORGET = 90

unsaved = {}  # of each page: when it last spoke, the files with unsaved edits
state = {"save": False}


class Unsaved(APIHandler):
    @web.authenticated
    def post(self):
        """A page says what it holds, and hears whether to save it now: {"page": id, "files": [path]} → {"save": bool}."""
        said = self.get_json_body()
        unsaved[str(said["page"])] = time.monotonic(), [str(path) for path in said["files"]]
        self.finish(json.dumps({"save": state["save"]}))

    @web.authenticated
    def get(self):
        """The lab asks which files hold unsaved edits; from then on pages are told to save."""
        state["save"] = True
        recent = time.monotonic() - FORGET
        self.finish(json.dumps(sorted({path for spoke, files in unsaved.values() if spoke > recent for path in files})))


def _load_jupyter_server_extension(app):
    app.web_app.add_handlers(".*$", [(url_path_join(app.web_app.settings["base_url"], "descent/unsaved"), Unsaved)])


def _jupyter_server_extension_points():
    return [{"module": "descent"}]
