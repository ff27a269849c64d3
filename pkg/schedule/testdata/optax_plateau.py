"""Writes optax_plateau.csv: a first line of losses, and for each setting its values and the scale of every step.

Needs optax 0.2.8 and jax 0.10.2: python optax_plateau.py > optax_plateau.csv
"""
import math

import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp  # noqa: E402  (the switch must come first)
import optax  # noqa: E402

# A loss that falls, stands still, jitters, falls again.
losses = [round(math.exp(-t / 20) + 0.2 * math.exp(-max(0, t - 120) / 30) + 0.05 * math.sin(1.7 * t) ** 2, 6) for t in range(200)]
print("losses," + ";".join(map(repr, losses)))

for factor, patience, tolerance, cooldown, floor in [(0.5, 5, 1e-4, 0, 0.0), (0.5, 3, 0.01, 4, 0.1), (0.1, 1, 0.05, 2, 0.0)]:
    plateau = optax.contrib.reduce_on_plateau(factor, patience, tolerance, 0.0, cooldown, 1, floor)
    state = plateau.init(jnp.zeros(()))
    scales = []
    for loss in losses:
        _, state = plateau.update(jnp.ones(()), state, value=jnp.asarray(loss))
        scales.append(float(state.scale))
    print(f"{factor};{patience};{tolerance};{cooldown};{floor}," + ";".join(map(repr, scales)))
