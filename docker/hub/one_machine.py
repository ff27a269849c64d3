"""A class server for one machine without containers. Each student's lab runs under a uid of its own, from one installation that
nobody but root can write; docker/hub/install makes it, and prints the command that starts the hub.

A student's folder is /srv/descent/students/NAME, for that student alone. Whom it belongs to is the only list of uids there is."""

import asyncio
import os
import subprocess
from pathlib import Path

from jupyterhub.spawner import LocalProcessSpawner

here = Path(__file__).resolve().parent
base = Path(os.environ.get("DESCENT_BASE", "/srv/descent"))
os.environ.setdefault("DESCENT_CLASS", str(base / "class"))
os.environ.setdefault("DESCENT_STATE", str(base / "state"))
FIRST, LAST = 70_000, 99_999  # uids that neither a distribution nor its containers use
KEPT = ("DESCENT_CACHE", "DESCENT_MEMORY", "DESCENT_CPUS", "PATH", "LANG", "LC_ALL")


def own_folder(name):
    """The student's folder, made where there is none, and its uid."""
    students = base / "students"
    folder = students / name
    if not os.path.lexists(folder):
        uid = max([FIRST - 1] + [entry.stat(follow_symlinks=False).st_uid for entry in os.scandir(students)]) + 1
        new = students / f".new-{uid}"  # it gets its name when it is the student's
        new.mkdir(mode=0o700, exist_ok=True)
        os.chown(new, uid, uid)
        new.rename(folder)
    uid = folder.lstat().st_uid
    if not FIRST <= uid <= LAST:
        raise RuntimeError(f"{folder} belongs to uid {uid}, and a student's is one of {FIRST} to {LAST}")
    return folder, uid


def end_all(uid):
    """Ends what a student's server left at work; the uid is that student's alone."""
    subprocess.run(["pkill", "-KILL", "-U", str(uid)], check=False)  # finding nothing is an error to it


def listener(port):
    """The uid of what listens at 127.0.0.1 and this port, or None; proc(5) says how /proc/net/tcp is read."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, address, _, state, _, _, _, uid, *_ = line.split()
        if state == "0A" and address == f"0100007F:{port:04X}":
            return int(uid)


class StudentSpawner(LocalProcessSpawner):
    """Starts docker/hub/confine, which becomes a student's lab."""

    async def start(self):
        self.folder, self.uid = own_folder(self.user.name)
        end_all(self.uid)
        self.popen_kwargs = {"cwd": "/", "stdin": subprocess.DEVNULL}
        self.cmd = [str(here / "confine"), str(self.uid), str(base)]
        address = await super().start()
        # Whoever took the port meanwhile would get the pages and the cookies that are meant for this student's server.
        while listener(self.port) != self.uid:
            if await self.poll() is not None:
                raise RuntimeError(f"the server of {self.user.name} ended, or another's program listens at its port: see {self.folder}/lab.log")
            await asyncio.sleep(0.1)
        return address

    def make_preexec_fn(self, name):
        return None  # confine does what is to be done as root

    def user_env(self, env):
        return env | {"HOME": str(self.folder), "USER": self.user.name, "SHELL": "/bin/sh"}

    async def stop(self, now=False):
        await super().stop(now)
        uid = own_folder(self.user.name)[1]  # the hub may have been restarted since
        await asyncio.to_thread(end_all, uid)


c = get_config()  # noqa: F821
c.JupyterHub.spawner_class = StudentSpawner
c.JupyterHub.bind_url = "https://:443" if os.path.lexists(Path(os.environ["DESCENT_CLASS"], "tls")) else "http://127.0.0.1:8000"
c.Spawner.env_keep = KEPT
c.LocalProcessSpawner.interrupt_timeout = 20
c.Spawner.poll_interval = 5  # seconds until a server that crashed is noticed, and its port leads nowhere
c.ConfigurableHTTPProxy.command = [str(here.parent.parent / ".lab" / "hub" / "node_modules" / ".bin" / "configurable-http-proxy")]

for folder, mode in ((base, 0o711), (base / "students", 0o711),
                     (Path(os.environ["DESCENT_CLASS"]), 0o700), (Path(os.environ["DESCENT_STATE"]), 0o700)):
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(mode)  # whatever the umask is

load_subconfig("common.py", path=str(here))  # noqa: F821
