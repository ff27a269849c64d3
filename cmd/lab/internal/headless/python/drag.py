"""Move each parameter of a cell that ran, as its controls in JupyterLab do, and look whether what the cell shows answers."""

import json
import time

COMM = "drag"
SLOW = 0.5  # seconds: a cell that takes longer is first made smaller
SAME = {"patience"}  # where all goes well, what it is about may show the same to the digits that are said
SEEDS = 12  # a seed may show the same as another one, but not as all of this number of others


class Drag:
    """The conversation of a page's controls with the kernel, which tells cells apart by an id in their requests."""

    def __init__(self, client):
        self.kc, self.cells, self.seq, self.cell = client.kc, {}, 0, None
        self.base, self.before = None, None  # values, and what the cell shows with them
        make = self.kc.session.msg

        def msg(kind, *args, **kwargs):
            made = make(kind, *args, **kwargs)
            if kind == "execute_request":
                made["metadata"]["cellId"] = self.cell
            return made

        self.kc.session.msg = msg
        self.send("comm_open", target_name="descent.live", data={})

    def send(self, kind, **content):
        self.kc.shell_channel.send(self.kc.session.msg(kind, {"comm_id": COMM, **content}))

    async def hear(self, wanted, timeout):
        """The first word of the kernel's that is wanted; what it says of cells is kept."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            if not await self.kc.iopub_channel.msg_ready() and not await self.kc.iopub_channel.socket.poll(left * 1000):
                break
            message = await self.kc.iopub_channel.get_msg(timeout=left)
            if message["msg_type"] != "comm_msg" or message["content"]["comm_id"] != COMM:
                continue
            data = message["content"]["data"]
            for about in data.get("cells", []):
                self.cells[about["id"]] = about
            if wanted(data):
                return data
        raise AssertionError(f"the kernel did not answer within {timeout:g} seconds")

    async def run(self, values):
        """What the cell shows with these values, packed or not, and why it ended early."""
        self.seq += 1
        self.send("comm_msg", data={"cell": self.cell, "seq": self.seq, "values": values})
        answer = await self.hear(lambda d: d.get("seq") == self.seq and (d.get("done") or d.get("cancelled")), 120)
        return answer.get("outputs"), answer.get("error", "")

    async def all(self):
        """Move each parameter of the cell that ran and declares some, and return what is wrong."""
        await self.hear(lambda d: any(c["id"] == self.cell for c in d.get("cells", [])), 10)
        about = self.cells[self.cell]
        own = values = {p["name"]: p["value"].replace("_", "") for p in about["params"]}
        if about["micros"] > SLOW * 1e6:
            smaller = {**values, **{p["name"]: str(max(int(p["control"].get("lo", 1)), 1, int(values[p["name"]]) // 8)) for p in about["params"] if p["control"]["kind"] == "int" and int(values[p["name"]]) > 6}}
            if not (await self.run(smaller))[1]:
                values = smaller
        faults = []
        for p in about["params"]:
            fault = await self.move(p, values)
            if fault and values is not own:  # so little may show nothing
                fault = await self.move(p, own)
            for q in about["params"]:  # some parameters matter under another choice alone
                for choice in others(q["control"], own[q["name"]]) if fault and q is not p and q["control"]["kind"] == "choice" else ():
                    if not await self.move(p, {**own, q["name"]: choice}):
                        fault = None
                        break
            if fault:
                faults.append(fault)
        return faults

    async def move(self, p, values):
        """Move one parameter, and return what is wrong, None if what the cell shows answers."""
        if values is not self.base:
            self.base, self.before = values, await self.run(values)
        before, wrong = self.before
        if wrong:
            return f"with its own values it fails: {wrong}"
        said = []
        tried = others(p["control"], values[p["name"]])
        if p["name"] == "seed":
            tried += [str(int(values["seed"]) + k) for k in range(2, SEEDS + 2)]
        for value in tried:
            after, wrong = await self.run({**values, p["name"]: value})
            if not wrong and after != before:
                return None
            said.append(f"{value} ({wrong or 'nothing changes'})")
        if p["name"] in SAME and any("(nothing changes)" in s for s in said):
            return None
        return f"the control of {p['name']} does not answer: {', '.join(said[:4])}"


def others(control, value):
    """Other values of a parameter, the most likely to be taken and to matter first."""
    kind, lo, hi = control["kind"], control.get("lo"), control.get("hi")
    if kind == "bool":
        return ["false" if value == "true" else "true"]
    if kind == "choice":
        return [c for c in control["choices"] if c != value]
    if kind == "floats":
        numbers = [float(x) for x in value.split(",")]
        whole = all(x == int(x) for x in numbers)
        moved = [x + 1 if whole else x * 0.9 + 0.01 for x in numbers]
        return [",".join(f"{x:.12g}" for x in [*numbers[:i], moved[i], *numbers[i + 1:]]) for i in reversed(range(len(numbers)))]
    v = float(value)
    tried = [v // 2, v + 1, v - 1, 2 * v, lo, hi] if kind == "int" else [v * 0.8, v * 1.2, v + 0.1, lo, hi]
    inside = [x for x in tried if x is not None and x != v and (lo is None or x > lo or x == lo and not control.get("loOpen")) and (hi is None or x < hi or x == hi and not control.get("hiOpen"))]
    return list(dict.fromkeys(f"{x:.12g}" if kind == "float" else str(int(x)) for x in inside))
