"""A contender of `lab bench`: trains one-hidden-layer ReLU nets with JAX or with PyTorch, and times it.

    python bench.py jax|jax_vmap|torch FOLDER     # FOLDER holds the packages

It answers each line of JSON that it reads with one line: {"do": "load", "task": …} and {"do": "run", …} of package
bench, which says what the fields mean. Only the training is inside the clock: packages are imported, data and batches
are in the library's own arrays, and JAX has compiled.
"""

import gc
import json
import math
import os
import platform
import sys
import time

EARLY = 100  # steps that are compared one by one
NAMES = ("hidden_weights", "hidden_biases", "output_weights", "output_biases")


class Jax:
    """One jit of a lax.scan over the batches; several nets are trained by as many threads as the others use."""

    def __init__(self):
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
        import jax
        import numpy

        self.jax, self.np = jax, numpy
        self.version = f"JAX {jax.__version__}"

    def load(self, task):
        jax, jnp = self.jax, self.jax.numpy
        x, y = (jnp.asarray(task[name], "float32")[:, None] for name in ("x", "y"))
        self.batches = jnp.asarray(task["batches"], "int32")
        shapes = dict(zip(NAMES, ((1, -1), (-1,), (-1, 1), (1,))))
        self.nets = [{k: jnp.asarray(net[k], "float32").reshape(shapes[k]) for k in NAMES} for net in task["nets"]]
        self.workers = task["workers"]
        rate, rule = task["rate"], task["optimizer"]
        state, update = getattr(self, rule["name"])(rate, **rule["constants"])

        def loss(net, batch):
            hidden = jax.nn.relu(x[batch] @ net["hidden_weights"] + net["hidden_biases"])
            output = hidden @ net["output_weights"] + net["output_biases"]
            return 0.5 * jnp.mean((output - y[batch]) ** 2)

        def step(carry, batch):
            net, state = carry
            value, gradient = jax.value_and_grad(loss)(net, batch)
            return update(net, gradient, state), value

        @jax.jit
        def train(net, batches):
            (net, _), losses = jax.lax.scan(step, (net, state(net)), batches)
            return net, losses

        self.train = train

    def run(self, steps, results):
        batches = self.batches[:steps].block_until_ready()

        def one(net):
            net, losses = self.jax.block_until_ready(self.train(net, batches))
            return net, self.np.asarray(losses)

        if len(self.nets) > 1:
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(self.workers) as pool:
                seconds, ends = timed(lambda: list(pool.map(one, self.nets)))
        else:
            seconds, ends = timed(lambda: [one(self.nets[0])])
        if not results:
            return seconds, None, None
        nets = [{name: value.flatten().tolist() for name, value in net.items()} for net, _ in ends]
        return seconds, [losses[:EARLY].tolist() for _, losses in ends], nets

    def map(self, f, *trees):
        return self.jax.tree.map(f, *trees)

    def sgd(self, rate):
        return lambda net: (), lambda net, g, state: (self.map(lambda p, g: p - rate * g, net, g), ())

    def momentum(self, rate, momentum):
        def update(net, g, v):
            v = self.map(lambda v, g: momentum * v + g, v, g)
            return self.map(lambda p, v: p - rate * v, net, v), v

        return lambda net: self.map(self.jax.numpy.zeros_like, net), update

    def adam(self, rate, beta1, beta2, epsilon):
        jnp = self.jax.numpy

        def update(net, g, state):
            m, v, t = state
            t = t + 1
            m = self.map(lambda m, g: beta1 * m + (1 - beta1) * g, m, g)
            v = self.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, v, g)
            c1, c2 = 1 - beta1**t, 1 - beta2**t
            return self.map(lambda p, m, v: p - rate * (m / c1) / (jnp.sqrt(v / c2) + epsilon), net, m, v), (m, v, t)

        def start(net):
            zeros = self.map(jnp.zeros_like, net)
            return zeros, zeros, jnp.float32(0)

        return start, update


class JaxVmap(Jax):
    """The same scan, vmapped over the nets: one program trains all of them at once."""

    def load(self, task):
        super().load(task)
        self.nets = self.map(lambda *values: self.jax.numpy.stack(values), *self.nets)
        self.train = self.jax.jit(self.jax.vmap(self.train, in_axes=(0, None)))

    def run(self, steps, results):
        batches = self.batches[:steps].block_until_ready()

        def all_nets():
            nets, losses = self.jax.block_until_ready(self.train(self.nets, batches))
            return nets, self.np.asarray(losses)

        seconds, (nets, losses) = timed(all_nets)
        if not results:
            return seconds, None, None
        ends = [{name: values[i].flatten().tolist() for name, values in nets.items()} for i in range(len(losses))]
        return seconds, losses[:, :EARLY].tolist(), ends


class Torch:
    """Eager PyTorch as its tutorials write it, one net after the other."""

    def __init__(self):
        if sys.platform == "linux":
            # PyTorch's CUDA libraries are empty here (see nocuda.py): their functions are to be looked up when they
            # are called, which is never, and not now.
            sys.setdlopenflags(os.RTLD_LAZY)
        import torch

        self.torch = torch
        self.version = f"PyTorch {torch.__version__.split('+')[0]}"

    def load(self, task):
        torch = self.torch
        self.task = task
        self.x, self.y = (torch.tensor(task[name], dtype=torch.float32)[:, None] for name in ("x", "y"))
        self.batches = torch.tensor(task["batches"])

    def start(self, values):
        torch, rule = self.torch, self.task["optimizer"]
        width = len(values["hidden_biases"])
        net = torch.nn.Sequential(torch.nn.Linear(1, width), torch.nn.ReLU(), torch.nn.Linear(width, 1))
        with torch.no_grad():
            for parameter, name in zip(net.parameters(), NAMES):
                parameter.copy_(torch.tensor(values[name]).view_as(parameter))
        constants = dict(rule["constants"])
        if rule["name"] == "adam":
            betas = (constants["beta1"], constants["beta2"])
            return net, torch.optim.Adam(net.parameters(), lr=self.task["rate"], betas=betas, eps=constants["epsilon"])
        return net, torch.optim.SGD(net.parameters(), lr=self.task["rate"], **constants)

    def run(self, steps, results):
        nets = [self.start(values) for values in self.task["nets"]]
        batches = self.batches[:steps]

        def one(net, optimizer):
            losses = []
            for batch in batches:
                optimizer.zero_grad()
                loss = 0.5 * self.torch.nn.functional.mse_loss(net(self.x[batch]), self.y[batch])
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            return losses

        seconds, losses = timed(lambda: [one(*net) for net in nets])
        if not results:
            return seconds, None, None
        ends = [dict(zip(NAMES, (p.detach().flatten().tolist() for p in net.parameters()))) for net, _ in nets]
        return seconds, [of_net[:EARLY] for of_net in losses], ends


def timed(work):
    gc.collect()
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def answer(contender, request):
    if request["do"] == "load":
        contender.load(request["task"])
        return {}
    runs = [contender.run(request["steps"], request["results"]) for _ in range(request["repeats"])]
    _, losses, nets = runs[-1]
    if losses and not all(math.isfinite(loss) for of_net in losses for loss in of_net):
        return {"error": "its training diverged"}
    return {"seconds": [run[0] for run in runs], "losses": losses, "nets": nets}


def main():
    kind, folder = sys.argv[1:]
    sys.path.insert(0, folder)
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no reply
    contender = {"jax": Jax, "jax_vmap": JaxVmap, "torch": Torch}[kind]()
    gc.disable()
    print(json.dumps({"version": f"{contender.version}, Python {platform.python_version()}"}), file=replies)
    for line in sys.stdin:
        try:
            reply = answer(contender, json.loads(line))
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps(reply), file=replies)


if __name__ == "__main__":
    main()
