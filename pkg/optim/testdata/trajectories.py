"""Writes trajectories.csv: for each rule and problem a line, its rate and the parameters θ of steps 10, 20, …, 200.

Needs torch 2.15.0, optax 0.2.8 and jax 0.10.2: python trajectories.py > trajectories.csv
The values are PyTorch's in float64, and optax's agree with them to 1e-9; with clipping to 1e-5, as clip_grad_norm_ adds
1e-6 to the norm. What PyTorch does not have is optax's.
"""
import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp  # noqa: E402  (the switch must come first)
import numpy as np  # noqa: E402
import optax  # noqa: E402
import torch  # noqa: E402

STEPS, STRIDE = 200, 10

# The problems, for torch and jax alike: lists of parameters at the start, and the loss of such a list.
X = [-1.0, -0.7, -0.4, -0.1, 0.2, 0.5, 0.8, 1.0]
Y = [0.3, -0.6, 0.9, 0.1, -0.8, 0.4, 1.1, -0.2]


def quadratic(module, p):
    h = module.asarray([[60.0, 20.0, -10.0], [20.0, 7.0, -3.0], [-10.0, -3.0, 3.0]])  # eigenvalues 0.2, 1.4, 68.4
    b = module.asarray([1.0, -2.0, 3.0])
    return 0.5 * p[0] @ h @ p[0] - b @ p[0]


def rosenbrock(module, p):
    x, y = p[0][0], p[0][1]
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def net(module, p):
    x, y = module.asarray(X).reshape(-1, 1), module.asarray(Y).reshape(-1, 1)
    z = x @ p[0] + p[1]
    hidden = module.where(z > 0, z, 0.0)
    return ((hidden @ p[2] + p[3] - y) ** 2).mean()


PROBLEMS = {
    "quadratic": (quadratic, [[1.0, -1.0, 2.0]]),
    "rosenbrock": (rosenbrock, [[-1.2, 1.0]]),
    "net": (net, [[[1.0, -1.5, 0.7, -0.4]], [0.15, 0.4, -0.2, 0.3], [[0.8], [-0.6], [1.2], [0.5]], [0.05]]),
}

sgd, adam, adamw, rmsprop = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop
SLOW = {"quadratic": 0.002, "rosenbrock": 0.0001, "net": 0.02}
FAST = {"quadratic": 0.005, "rosenbrock": 0.002, "net": 0.02}
# Name: learning rates, PyTorch's rule, norm to clip to, optax's rule.
RULES = {
    "SGD": (SLOW, lambda p, eta: sgd(p, eta), None, optax.sgd),
    "momentum": (SLOW, lambda p, eta: sgd(p, eta, momentum=0.9), None, lambda eta: optax.sgd(eta, 0.9)),
    "Nesterov": (
        SLOW,
        lambda p, eta: sgd(p, eta, momentum=0.9, nesterov=True),
        None,
        lambda eta: optax.sgd(eta, 0.9, nesterov=True),
    ),
    "RMSProp": (FAST, rmsprop, None, lambda eta: optax.rmsprop(eta, 0.99, eps=1e-8, eps_in_sqrt=False)),
    "RMSProp, decay 0.9, epsilon 2": (
        FAST,
        lambda p, eta: rmsprop(p, eta, alpha=0.9, eps=2.0),
        None,
        lambda eta: optax.rmsprop(eta, 0.9, eps=2.0, eps_in_sqrt=False),
    ),
    "Adam": (FAST, adam, None, optax.adam),
    "Adam, beta1 0.8, beta2 0.95, epsilon 0.01": (
        FAST,
        lambda p, eta: adam(p, eta, betas=(0.8, 0.95), eps=0.01),
        None,
        lambda eta: optax.adam(eta, 0.8, 0.95, 0.01),
    ),
    "AdamW": (
        FAST,
        lambda p, eta: adamw(p, eta, weight_decay=0.01),
        None,
        lambda eta: optax.adamw(eta, weight_decay=0.01),
    ),
    "Adam, weight decay 0.1": (
        FAST,
        lambda p, eta: adam(p, eta, weight_decay=0.1),
        None,
        lambda eta: optax.chain(optax.add_decayed_weights(0.1), optax.adam(eta)),
    ),
    "momentum, clip 0.5, weight decay 0.1": (
        SLOW,
        lambda p, eta: sgd(p, eta, momentum=0.9, weight_decay=0.1),
        0.5,
        lambda eta: optax.chain(optax.clip_by_global_norm(0.5), optax.add_decayed_weights(0.1), optax.sgd(eta, 0.9)),
    ),
    "Nesterov, decoupled 0.1": (
        SLOW,
        None,
        None,
        lambda eta: optax.chain(
            optax.trace(0.9, nesterov=True), optax.add_decayed_weights(0.1), optax.scale_by_learning_rate(eta)
        ),
    ),
}


def flat(parameters):
    return np.concatenate([np.asarray(p).ravel() for p in parameters])


def with_torch(loss, start, rule, clip):
    parameters = [torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in start]
    optimizer = rule(parameters)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss(torch, parameters).backward()
        if clip:
            torch.nn.utils.clip_grad_norm_(parameters, clip)
        optimizer.step()
        yield flat([p.detach() for p in parameters])


def with_optax(loss, start, rule):
    parameters = [jnp.asarray(p) for p in start]
    state = rule.init(parameters)

    @jax.jit
    def step(parameters, state):
        updates, state = rule.update(jax.grad(lambda p: loss(jnp, p))(parameters), state, parameters)
        return optax.apply_updates(parameters, updates), state

    for _ in range(STEPS):
        parameters, state = step(parameters, state)
        yield flat(parameters)


torch.set_default_dtype(torch.float64)
for name, (rates, torch_rule, clip, optax_rule) in RULES.items():
    for problem, (loss, start) in PROBLEMS.items():
        eta = rates[problem]
        values = theirs = np.array(list(with_optax(loss, start, optax_rule(eta))))
        if torch_rule:
            values = np.array(list(with_torch(loss, start, lambda p: torch_rule(p, eta), clip)))
            np.testing.assert_allclose(theirs, values, rtol=1e-5 if clip else 1e-9, atol=1e-6 if clip else 1e-10)
        print(f'"{name}",{problem},{eta},' + ";".join(f"{x:.9g}" for x in values[STRIDE - 1 :: STRIDE].ravel()))
