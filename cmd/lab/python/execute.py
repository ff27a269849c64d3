"""Execute notebooks through their kernel, as JupyterLab would, and say of each cell how it went.

Reads one job as JSON on standard input: {"notebook": path, "output": path, "html": path or "",
"templates": folder, "title": text, "folder": the kernel's, "timeout": seconds}.
Writes one JSON object a line on standard output: {"cell": i, "of": n, "seconds": s} for a cell that ran,
{"cell": i, "of": n, "error": text} for the one that failed, {"done": true} at the end.
"""
import json
import re
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def say(**event):
    print(json.dumps(event), flush=True)


def canonical(nb):
    """GoNB does not order a cell's text and its pictures: text first, each stream in one piece."""
    for cell in nb.cells:
        if cell.cell_type != "code":
            continue
        streams, rest = {}, []
        for out in cell.outputs:
            if out.output_type == "stream":
                if out.name in streams:
                    streams[out.name].text += out.text
                else:
                    streams[out.name] = out
            else:
                rest.append(out)
        cell.outputs = [streams[name] for name in ("stdout", "stderr") if name in streams] + rest
        cell.metadata.pop("execution", None)


def written(cell):
    """What the cell wrote to standard error."""
    return "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stderr")


def describe(error, cell):
    """The cell's own words: what it wrote to standard error, then what the kernel says, each line once."""
    texts = [written(cell)]
    if isinstance(error, CellExecutionError):
        texts += [t for o in cell.outputs if o.output_type == "error" for t in o.traceback]
        texts.append(error.evalue)
    else:
        texts.append(str(error))
    lines = []
    for line in ANSI.sub("", "\n".join(texts)).splitlines():
        if line.strip() and line not in lines[-3:]:
            lines.append(line)
    return "\n".join(lines)


# GoNB 0.11.5 reports a failed shell command or an unknown magic as text only, not as an error. To go when it does.
SILENT_FAILURE = re.compile(r"^(exit status \d+|signal: .*|.* unknown or not implemented yet\.)$", re.MULTILINE)


def check(cell):
    found = SILENT_FAILURE.search(written(cell))
    if found:
        raise SilentFailure(found.group())


class SilentFailure(Exception):
    pass


def main():
    job = json.load(sys.stdin)
    nb = nbformat.read(job["notebook"], as_version=4)
    metadata = dict(nb.metadata)
    client = NotebookClient(nb, kernel_name="descent", timeout=job["timeout"], startup_timeout=120,
                            record_timing=False, resources={"metadata": {"path": job["folder"]}})
    code = [i for i, c in enumerate(nb.cells) if c.cell_type == "code"]
    ok = True
    with client.setup_kernel():
        for number, i in enumerate(code, 1):
            cell, start = nb.cells[i], time.monotonic()
            try:
                client.execute_cell(cell, i, execution_count=number)
                check(cell)
            except (CellExecutionError, CellTimeoutError, DeadKernelError, SilentFailure) as error:
                ok = False
                say(cell=number, of=len(code), error=describe(error, cell))
                break
            say(cell=number, of=len(code), seconds=time.monotonic() - start)
    canonical(nb)
    nb.metadata.update(metadata)  # the kernel's own version is not part of the notebook
    nb.metadata["language_info"] = {"name": "go", "file_extension": ".go", "mimetype": "text/x-go",
                                    "pygments_lexer": "go", "codemirror_mode": "go"}
    nbformat.write(nb, job["output"])
    if job["html"] and ok:
        from nbconvert import HTMLExporter
        exporter = HTMLExporter(extra_template_basedirs=[job["templates"]], template_name="page")
        page, _ = exporter.from_notebook_node(
            nb, resources={"metadata": {"name": job["title"]}})
        with open(job["html"], "w", encoding="utf-8") as f:
            f.write(page)
    say(done=True)


main()
