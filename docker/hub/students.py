"""Students of a class server, for its checks and measurements: they log in through the form, start their servers and run cells.

    from students import Student, passwords, processes"""

import http.cookiejar
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid


def passwords(file):
    """What passwords.py printed into a file, by name."""
    return dict(line.rstrip("\n").split("\t") for line in open(file))


def processes(uid):
    """The processes of a user, as far as they have not ended."""
    found = []
    for entry in os.scandir("/proc"):
        try:
            if entry.name.isdigit() and entry.stat().st_uid == uid:
                found.append(int(entry.name))
        except OSError:  # it has ended
            continue
    return found


class Student:
    """One browser, as far as a server sees it."""

    def __init__(self, hub, name):
        self.hub, self.name = hub, name
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path, form=None, body=None, method=None, timeout=150, headers=()):
        """The status and the text of a page, after redirects."""
        data = urllib.parse.urlencode(form).encode() if form else json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.hub + path, data, method=method, headers=dict(headers))
        if body is not None:
            request.add_header("Content-Type", "application/json")
        if data is not None or method:
            request.add_header("X-XSRFToken", self.xsrf(path))
            request.add_header("Referer", self.hub + path)
        try:
            with self.opener.open(request, timeout=timeout) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def xsrf(self, path):
        """The token that a form or a script sends back, of the cookie with the longest path that fits."""
        fits = [c for c in self.cookies if c.name == "_xsrf" and path.startswith(c.path)]
        return max(fits, key=lambda c: len(c.path)).value if fits else ""

    def log_in(self, password):
        """Logs in through the form, and reports whether the hub took the password."""
        self.get("/hub/login")
        status, text = self.get("/hub/login?next=%2Fhub%2Fhome", form={"username": self.name, "password": password, "_xsrf": self.xsrf("/hub/login")})
        return status == 200 and "/hub/logout" in text

    @property
    def base(self):
        return f"/user/{urllib.parse.quote(self.name, safe='@')}/"

    def start(self, timeout=150):
        """Starts the server, waits until it answers, and returns the seconds that it took."""
        begun = time.time()
        self.get("/hub/spawn")
        # What the page of a server that starts reads until it runs or has failed.
        status, text = self.get(f"/hub/api/users/{self.name}/server/progress", timeout=timeout)
        if status == 200 and '"ready": true' in text:
            status, text = self.get(self.base + "lab/tree/01-gradient-descent.ipynb")  # the hub's OAuth is on the way
            if status == 200 and "jupyter-config-data" in text:
                return time.time() - begun
        raise TimeoutError(f"{self.name}'s server does not answer: {status} {text[-300:]}")

    def running(self):
        return bool(json.loads(self.get("/hub/api/users/" + self.name)[1])["servers"])

    def read(self, path):
        """A file in the workspace, as the server gives it; None if it does not."""
        status, text = self.get(self.base + "api/contents/" + path)
        return json.loads(text) if status == 200 else None

    def write(self, path, model):
        status, text = self.get(self.base + "api/contents/" + path, body=model, method="PUT")
        if status not in (200, 201):
            raise RuntimeError(f"{path} is not saved: {status} {text[:300]}")

    def open(self, path="01-gradient-descent.ipynb"):
        """Opens a notebook: starts its kernel, and connects to it."""
        import websocket

        status, text = self.get(self.base + "api/sessions", method="POST",
                                body={"path": path, "name": "", "type": "notebook", "kernel": {"name": "descent"}})
        if status != 201:
            raise RuntimeError(f"no kernel: {status} {text[:300]}")
        self.kernel = json.loads(text)["kernel"]["id"]
        address = self.base + "api/kernels/" + self.kernel + "/channels"
        cookie = "; ".join(f"{c.name}={c.value}" for c in self.cookies if address.startswith(c.path))
        self.socket = websocket.create_connection(self.hub.replace("http", "ws", 1) + address, cookie=cookie, origin=self.hub, timeout=180)

    def run(self, code):
        """Runs a cell; returns its text, and its error or ""."""
        mine = uuid.uuid4().hex
        self.socket.send(json.dumps({
            "header": {"msg_id": mine, "msg_type": "execute_request", "session": mine, "username": "", "version": "5.3"},
            "parent_header": {}, "metadata": {}, "channel": "shell",
            "content": {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False},
        }))
        said, failed, shown = [], "", 0
        while True:
            message = json.loads(self.socket.recv())
            if message["parent_header"].get("msg_id") != mine:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "stream":
                    said.append(content["text"])
                case "display_data":
                    shown += 1
                    said.append(content["data"].get("text/plain", ""))
                case "error":
                    failed = "\n".join(content["traceback"])
                case "status" if content["execution_state"] == "idle":
                    return "".join(map(str, said)), failed, shown

    def cells(self, path="01-gradient-descent.ipynb"):
        return ["".join(cell["source"]) for cell in self.read(path)["content"]["cells"] if cell["cell_type"] == "code"]
