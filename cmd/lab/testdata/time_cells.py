"""Run the cells given as a JSON list on standard input in one kernel; for each print when it began and ended, what it
wrote, and the actions of the Go build that it started."""
import json
import os
import sys
import tempfile
import time

from jupyter_client import KernelManager

cells = json.load(sys.stdin)
manager = KernelManager(kernel_name="descent")
graph = os.path.join(tempfile.mkdtemp(), "actions.json")
manager.kernel_spec.env["GOFLAGS"] += " -debug-actiongraph=" + graph
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)
for source in cells:
    out = []
    began = time.time()
    reply = client.execute_interactive(
        source, timeout=600, output_hook=lambda m: out.append(m["content"].get("text") or m["content"].get("evalue") or ""))
    ended = time.time()
    assert reply["content"]["status"] == "ok", "".join(out)
    with open(graph) as f:
        print(json.dumps({"began": began, "ended": ended, "out": "".join(out), "actions": json.load(f)}), flush=True)
client.stop_channels()
manager.shutdown_kernel()
