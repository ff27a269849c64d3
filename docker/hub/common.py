"""What a class server sets however it starts the students' servers: who may enter, when a server is stopped, and TLS. Loaded by
jupyterhub_config.py (containers) and one_machine.py (processes).

The teacher's part is a folder, which DESCENT_CLASS names:

    class.py                    how people log in; see examples/
    students.txt, teachers.txt  who may log in, one name a line
    tls/cert.pem, tls/key.pem   a certificate, unless a proxy in front of this one has it
"""

import functools
import os
import re
import ssl
import sys

import tornado.httpserver

sys.path.append(os.path.dirname(__file__))
from roster import PATTERN, folder, names, state  # noqa: E402

c = get_config()  # noqa: F821
c.JupyterHub.db_url = f"sqlite:///{state}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")
# The hub ends the process that this file names, whatever it is, so the file must not outlive the machine or the container.
c.ConfigurableHTTPProxy.pid_file = "/run/descent-proxy" + str(state).replace("/", "-") + ".pid"

# Nobody but those on the two lists logs in, not even who was on them before.
c.Authenticator.allowed_users = set(names("students.txt"))
c.Authenticator.allow_existing_users = False
c.Authenticator.admin_users = set(names("teachers.txt"))
c.Authenticator.username_pattern = PATTERN
c.JupyterHub.authenticate_prometheus = True

# A server that nobody uses is stopped. What its pages show is saved before, and the notebooks stay.
c.JupyterHub.services = [{
    "name": "idle-culler",
    "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=" + os.environ.get("DESCENT_IDLE", "1800"),
                "--cull-every=" + os.environ.get("DESCENT_CULL_EVERY", "60")],
}]
c.JupyterHub.load_roles = [{
    "name": "idle-culler",
    "services": ["idle-culler"],
    "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
}]
c.JupyterHub.last_activity_interval = 60

# A class logs in within the same minute, which on a small machine takes its time. Those for whom there is no room are told so.
c.JupyterHub.active_server_limit = int(os.environ.get("DESCENT_SERVERS", "0"))  # 0: as many as log in
c.Spawner.start_timeout = c.Spawner.http_timeout = 300
c.Spawner.consecutive_failure_limit = 0
c.Spawner.environment = {
    "DESCENT_COMPLETION": os.environ.get("DESCENT_COMPLETION", "off"),  # or the memory that it should be content with, such as 300MiB
    "JUPYTERHUB_ACTIVITY_INTERVAL": os.environ.get("JUPYTERHUB_ACTIVITY_INTERVAL", "60"),
}

# Whoever makes the folder tls wants HTTPS: passwords in the clear are no way out where it cannot be.
if os.path.lexists(folder / "tls"):
    key, certificate = str(folder / "tls" / "key.pem"), str(folder / "tls" / "cert.pem")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except OSError as error:
        sys.exit(f"{folder}/tls has no key.pem and cert.pem that the hub can use ({error}): copy the files there, not links to them, or remove the folder")
    c.JupyterHub.ssl_key, c.JupyterHub.ssl_cert = key, certificate

if not (folder / "class.py").is_file():
    sys.exit(f"there is no class.py in {folder}: copy one of docker/hub/examples there")
load_subconfig("class.py", path=str(folder))  # noqa: F821

# Tornado would keep 100 MB of what each connection sends, from anybody, so a few of them would end a hub. JupyterHub 5.5 has no setting for it.
tornado.httpserver.HTTPServer = functools.partial(tornado.httpserver.HTTPServer, max_body_size=1 << 20)

chosen = str(c.JupyterHub.get("authenticator_class", ""))
if not chosen or re.search("dummy|null", chosen, re.IGNORECASE):
    sys.exit(f"{folder}/class.py chooses no authenticator, and a class server has no default: copy one of docker/hub/examples there")
