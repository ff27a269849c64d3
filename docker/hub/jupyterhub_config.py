"""A class server that starts each student's lab in a container of its own, on a volume of the student's; compose.yaml runs it."""

import ipaddress
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
c.DockerSpawner.mem_limit = os.environ.get("DESCENT_MEMORY", "1G")
c.DockerSpawner.cpu_limit = float(os.environ.get("DESCENT_CPUS", "2"))
c.DockerSpawner.extra_host_config = {
    "read_only": True,
    "tmpfs": {"/tmp": "exec,mode=1777,size=512m"},  # it counts as memory
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "pids_limit": 512,
    "log_config": {"type": "json-file", "config": {"max-size": "10m", "max-file": "3"}},  # else a cell that prints fills the disk
}
if os.environ.get("DESCENT_GPU", "").lower() not in ("", "0", "off", "no", "false"):
    from docker.types import DeviceRequest

    c.DockerSpawner.extra_host_config["device_requests"] = [DeviceRequest(count=-1, capabilities=[["gpu"]])]

load_subconfig("common.py", path=os.path.dirname(__file__))  # noqa: F821
c.DockerSpawner.extra_host_config["memswap_limit"] = c.DockerSpawner.mem_limit  # memory and swap together: no swap


def loopback(host):
    """Whether only this machine reaches the address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


if address := os.environ.get("DESCENT_ADDRESS"):  # HOST:PORT of the machine, which compose.yaml leads to the hub
    if not loopback(address.rpartition(":")[0]) and "ssl_key" not in c.JupyterHub and os.environ.get("DESCENT_TLS") != "proxy":
        sys.exit(f"others reach DESCENT_ADDRESS={address}, and passwords would cross the network in the clear: put cert.pem and key.pem into the folder "
                 "tls of the class, or set DESCENT_TLS=proxy if a proxy in front of the hub has the certificate")
if "ssl_key" in c.JupyterHub:
    c.JupyterHub.bind_url = c.JupyterHub.bind_url.replace("http:", "https:")
