"""Execute notebooks through their kernel, as JupyterLab would, and say of each cell how it went.

Reads one job as a line of JSON on standard input: {"notebook": path, "output": path, "folder": the kernel's,
"timeout": seconds, "drag": whether each parameter is moved too, "set": what each code cell is
given, "overrides": the file in which it is given}. When that input ends, so do the kernel and this process.
Writes one JSON object a line to descriptor 3: {"cell": i, "of": n, "seconds": s} for a cell that ran,
{"cell": i, "of": n, "error": text} for a cell that failed, {"fault": text} if none can run, {"done": true} at the end.
"""
import asyncio
import json
import math
import os
import re
import shutil
import sys
import threading
import time
from pathlib import Path

import nbformat
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets.config import Config

sys.path.append(str(Path(__file__).parent))
from drag import Drag

ANSI = re.compile(r"\x1b\[[0-9;]*m")


EVENTS = os.fdopen(3, "w")
os.set_inheritable(3, False)


def say(**event):
    print(json.dumps(event), file=EVENTS, flush=True)


def end_with_the_lab():
    """The lab may be killed: then a cell must not compute on for nobody."""
    while os.read(0, 1):
        pass
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    # Its name is in the command line of all that runs for the kernel, and of this process.
    os.execvp("pkill", ["pkill", "-KILL", "-f", os.environ["TMPDIR"]])


def continued(out):
    """Whether a text goes on in the standard output after it, as pkg/lab does when a cell ends in a flood."""
    return out.output_type == "display_data" and out.metadata.pop("continued", False)


def canonical(nb):
    """GoNB does not order a cell's text and its pictures: text first, each stream in one piece."""
    for cell in nb.cells:
        if cell.cell_type != "code":
            continue
        streams, rest, text = {}, [], None
        for out in cell.outputs:
            if out.output_type == "stream":
                if out.name == "stdout" and text is not None:
                    text["text/plain"] += "\n" + out.text.removesuffix("\n")
                elif out.name in streams:
                    streams[out.name].text += out.text
                else:
                    streams[out.name] = out
            else:
                text = out.data if continued(out) else None
                rest.append(out)
        cell.outputs = [streams[name] for name in ("stdout", "stderr") if name in streams] + rest
        cell.metadata.pop("execution", None)


def written(cell):
    """What the cell wrote to standard error."""
    return "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stderr")


def describe(error, cell, first, timeout):
    """The cell's own words: what it wrote to standard error, then what the kernel says, each line once. first: it is the first to run.
    timeout: the longest that it may take, in seconds."""
    texts = [written(cell)]
    if isinstance(error, CellExecutionError):
        texts += [t for o in cell.outputs if o.output_type == "error" for t in o.traceback]
        texts.append(error.evalue)
    elif isinstance(error, DeadKernelError):
        texts.append(f"{error}: the system ended the Go kernel, as it does when memory runs out; use less memory, or close other programs"
                     + first * "; if it never runs a cell, its program may be damaged, and `go run ./cmd/lab doctor` says so")
    elif isinstance(error, CellTimeoutError):
        texts.append(f"the cell, or a program that it started, still ran after {timeout:g} seconds: give it more time with --timeout, or less work")
    else:
        texts.append(str(error))
    lines = []
    for line in ANSI.sub("", "\n".join(texts)).splitlines():
        if line.strip() and line not in lines[-3:]:
            lines.append(line)
    return "\n".join(lines)


class InputError(Exception):
    """A cell asks for input."""


@run_sync
async def execute(client, cell, index, number, drag):
    """Execute one cell, and move its parameters if they are to be. GoNB asks for input even of a client that has said that it gives none."""
    ran = asyncio.ensure_future(client.async_execute_cell(cell, index, execution_count=number))
    asked = asyncio.ensure_future(client.kc.stdin_channel.get_msg())
    await asyncio.wait({ran, asked}, return_when=asyncio.FIRST_COMPLETED)
    if not ran.done():
        ran.cancel()
        await asyncio.wait({ran})
        raise InputError("the cell asks for input, and nobody can answer while the notebook is run; open it in JupyterLab, or write the answer into the cell")
    asked.cancel()
    ran.result()
    if drag and "lab.Parse()" in cell.source and (faults := await drag.all()):
        raise InputError("\n".join(faults))


def start(client):
    """Start the kernel, and say in a sentence why it does not."""
    try:
        client.km = client.create_kernel_manager()
        client.start_new_kernel()
        client.start_new_kernel_client()
    except Exception as error:
        text = " ".join(str(error).split()) or type(error).__name__
        say(fault=f"the Go kernel does not start ({text}); `go run ./cmd/lab doctor` says what is missing")
        sys.exit(1)


def read(path):
    try:
        # Some editors of Windows put a byte order mark before the text.
        nb = nbformat.reads(Path(path).read_text(encoding="utf-8-sig"), as_version=4)
        nbformat.validate(nb)
    except Exception as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        place = "".join(f"[{part!r}]" for part in getattr(error, "absolute_path", ()))
        say(fault=f"it is not a whole notebook ({place and f'in {place}: '}{first}); save it anew with the program that wrote it, or correct it in a text editor")
        sys.exit(1)
    return nb


def main():
    job = json.loads(sys.stdin.buffer.readline())
    nb = read(job["notebook"])
    metadata = dict(nb.metadata)
    # nbclient gives up on outputs that it has not read some seconds after a cell's end, and says nothing.
    # Sockets in the temporary folder: another program may take a port between its choice and the kernel's start.
    client = NotebookClient(nb, kernel_name="descent",
                            config=Config({"KernelManager": {"transport": "ipc", "ip": os.environ["TMPDIR"] + "/socket"}}),
                            timeout_func=lambda cell: job["timeout"], startup_timeout=120,
                            iopub_timeout=max(60, math.ceil(job["timeout"])), raise_on_iopub_timeout=True,
                            record_timing=False, resources={"metadata": {"path": job["folder"]}})
    threading.Thread(target=end_with_the_lab, daemon=True).start()
    code = [i for i, c in enumerate(nb.cells) if c.cell_type == "code"]
    ok = True
    start(client)
    with client.setup_kernel(cleanup_kc=True):
        drag = Drag(client) if job["drag"] else None
        for number, (i, given) in enumerate(zip(code, job["set"]), 1):
            cell, began = nb.cells[i], time.monotonic()
            with open(job["overrides"], "w", encoding="utf-8") as f:
                json.dump(given, f)
            if drag:
                drag.cell = f"cell{i}"
            try:
                execute(client, cell, i, number, drag)
            except (CellExecutionError, CellTimeoutError, DeadKernelError, InputError, AssertionError) as error:
                ok = False
                say(cell=number, of=len(code), error=describe(error, cell, number == 1, job["timeout"]))
                break
            say(cell=number, of=len(code), seconds=time.monotonic() - began)
    canonical(nb)
    nb.metadata.update(metadata)  # the kernel's own version is not part of the notebook
    nb.metadata["language_info"] = {"name": "go", "file_extension": ".go", "mimetype": "text/x-go",
                                    "pygments_lexer": "go", "codemirror_mode": "go"}
    nbformat.write(nb, job["output"])
    say(done=True)


main()
