"""A Jupyter server extension: pages tell which notebooks hold unsaved edits, and the lab asks them to save. It also puts
what a page asks for at its start, and does not need then, behind what it needs."""

import asyncio
import json
import os
import time

from jupyter_client.jsonutil import json_default
from jupyter_server.base.handlers import APIHandler
from jupyter_server.services.nbconvert.handlers import NbconvertRootHandler
from jupyter_server.utils import ensure_async, url_path_join
from tornado import web

# A page with unsaved edits speaks each second, but one in the background may be given a second of time in a minute.
SILENT, FORGET = 3, 90

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
        """The lab asks which files hold unsaved edits, in pages that answer and in silent ones; from then on pages are told to save."""
        state["save"] = True
        now = time.monotonic()
        open_, silent = ({path for spoke, files in unsaved.values() if least <= now - spoke < most for path in files}
                         for least, most in ((0, SILENT), (SILENT, FORGET)))
        self.finish(json.dumps({"open": sorted(open_), "silent": sorted(silent - open_)}))


class Keep(APIHandler):
    @web.authenticated
    async def post(self):
        """Keep what a page is about to drop, as `lab reset` does: its own version if it gives one, else the disk's, if it
        is not the version that the page knows: {"path", "hash", "last_modified", "mine": model or null} → {"kept": path or null}."""
        said = self.get_json_body()
        files, path, model, kept = self.contents_manager, said["path"], said.get("mine"), None
        if not model and await ensure_async(files.file_exists(path)):
            now = await ensure_async(files.get(path, content=False, require_hash=True))
            known = said.get("hash") or said.get("last_modified")
            if known not in (now["hash"], json.loads(json.dumps(now["last_modified"], default=json_default))):
                model = await ensure_async(files.get(path, type="file"))  # it need not be a whole notebook
        if model:
            base, extension = os.path.splitext(path)
            base += time.strftime("-kept-%Y%m%d-%H%M%S")
            kept, n = base + extension, 1
            while await ensure_async(files.file_exists(kept)):
                kept, n = f"{base}-{n + 1}{extension}", n + 1
            await ensure_async(files.save({key: model[key] for key in ("type", "format", "content")}, kept))
        self.finish(json.dumps({"kept": kept}))


# So long after a page asked for the formats of its export menu its first notebook is shown.
LATER = 3


class Formats(NbconvertRootHandler):
    """The formats of the export menu: to find them, the server imports for half a second all that writes them."""

    @web.authenticated
    async def get(self):
        await asyncio.sleep(LATER)
        await super().get()


def _load_jupyter_server_extension(app):
    def at(path):
        return url_path_join(app.web_app.settings["base_url"], path)

    app.web_app.add_handlers(".*$", [(at("descent/unsaved"), Unsaved), (at("descent/keep"), Keep), (at("api/nbconvert"), Formats)])


def _jupyter_server_extension_points():
    return [{"module": "descent"}]
