"""A class server that starts each student's lab in a container of its own, on a volume of the student's; compose.yaml runs it."""

import os
import sys

c = get_config()  # noqa: F821
c.JupyterHub.spawner_class = "dockerspawner.DockerSpawner"
c.JupyterHub.bind_url = "http://:8000"  # of the hub's container; compose.yaml says who reaches it
c.JupyterHub.hub_ip = "0.0.0.0"
c.JupyterHub.hub_connect_ip = os.environ.get("DESCENT_HUB", "hub")  # its name in the class's network
c.JupyterHub.cleanup_servers = False  # the hub may be restarted while the class works
c.ConfigurableHTTPProxy.command = ["configurable-http-proxy"]

c.DockerSpawner.image = os.environ.get("DESCENT_IMAGE", "descent:student")
c.DockerSpawner.cmd = ["singleuser"]
c.DockerSpawner.network_name = os.environ.get("DESCENT_NETWORK", "descent-class")
c.DockerSpawner.use_internal_ip = True
c.DockerSpawner.remove = True  # a container lives as long as its server; the volume stays
c.DockerSpawner.name_template = "descent-{username}"

c.DockerSpawner.volumes = {"descent-{username}": "/work"}
if assignments := os.environ.get("DESCENT_ASSIGNMENTS"):
    c.DockerSpawner.read_only_volumes = {assignments: "/work/assignments"}

# Without completion a student's lab takes 0.4 GB while a cell is compiled, and less than half of that at rest.
memory = os.environ.get("DESCENT_MEMORY", "1G")
c.DockerSpawner.mem_limit = memory
c.DockerSpawner.cpu_limit = float(os.environ.get("DESCENT_CPUS", "2"))
c.DockerSpawner.extra_host_config = {
    "memswap_limit": memory,  # with swap: the same, so no swap
    "read_only": True,
    "tmpfs": {"/tmp": "exec,mode=1777,size=512m"},  # it counts as memory
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "pids_limit": 512,
}
if os.environ.get("DESCENT_GPU"):
    from docker.types import DeviceRequest

    c.DockerSpawner.extra_host_config["device_requests"] = [DeviceRequest(count=-1, capabilities=[["gpu"]])]

load_subconfig("common.py", path=os.path.dirname(__file__))  # noqa: F821
if "ssl_key" in c.JupyterHub:
    c.JupyterHub.bind_url = c.JupyterHub.bind_url.replace("http:", "https:")
