"""Writes optax.csv: a line for each schedule, its name and the values of steps 0, 1, 2, … in float64.

Needs optax 0.2.8, jax 0.10.2 and NumPy 2.4.6, whose are the lines with its name: python optax_values.py > optax.csv
"""
import jax
import numpy

jax.config.update("jax_enable_x64", True)
import optax  # noqa: E402  (the switch must come first)

STEPS = 131


def cosine_cycle(steps):
    return dict(init_value=0.3, peak_value=0.3, warmup_steps=0, decay_steps=steps, end_value=0.001)


SCHEDULES = {
    "constant": optax.constant_schedule(0.3),
    "piecewise": optax.piecewise_constant_schedule(0.3, {10: 0.5, 37: 0.1, 100: 4.0}),
    "piecewise linear": optax.piecewise_interpolate_schedule("linear", 0.3, {10: 0.5, 37: 0.1, 100: 4.0}),
    "piecewise linear, numpy": lambda t: numpy.interp(t, [7, 12, 50, 51, 117], [0.2, 0.0, 0.35, 0.01, 0.1]),
    "step": optax.exponential_decay(0.3, 30, 0.5, staircase=True),
    "exponential": optax.exponential_decay(0.3, 30, 0.5),
    "polynomial": optax.polynomial_schedule(0.3, 0.01, 2.5, 100),
    "linear": optax.linear_schedule(0.3, 0.01, 100),
    "cosine": optax.cosine_decay_schedule(0.3, 100, alpha=0.1),
    "warm restarts, equal": optax.sgdr_schedule([cosine_cycle(30) for _ in range(5)]),
    "warm restarts, growing": optax.sgdr_schedule([cosine_cycle(15 * 2**i) for i in range(4)]),
    "one cycle": optax.linear_onecycle_schedule(100, 0.3, 0.3, 0.85, 25.0, 100.0),
    "warm-up, constant": optax.warmup_constant_schedule(0.02, 0.3, 20),
    "warm-up, cosine": optax.warmup_cosine_decay_schedule(0.0, 0.3, 20, 120, end_value=0.03),
    "warm-up, exponential": optax.warmup_exponential_decay_schedule(0.02, 0.3, 20, 30, 0.5),
    "sequence": optax.join_schedules(
        [optax.cosine_decay_schedule(0.3, 40), optax.exponential_decay(0.1, 30, 0.5), optax.linear_schedule(0.2, 0.01, 20)], [25, 90]
    ),
}

for name, schedule in SCHEDULES.items():
    values = ";".join(repr(float(schedule(t))) for t in range(STEPS))
    print(f'"{name}",{values}')
