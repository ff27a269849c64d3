"""A contender for tests: plain gradient descent in Python, with nothing but the standard library.

    python contender.py [rate FACTOR | end FACTOR | stop]

rate: learns at another rate; end: has other parameters at the end; stop: ends instead of running.
"""

import json
import sys
import time


def train(task, net, steps, factor):
    w, b, a = (list(net[name]) for name in ("hidden_weights", "hidden_biases", "output_weights"))
    c, rate, losses = net["output_biases"][0], task["rate"] * factor, []
    for batch in task["batches"][:steps]:
        loss, gw, gb, ga, gc = 0, [0] * len(w), [0] * len(w), [0] * len(w), 0
        for i in batch:
            x = task["x"][i]
            hidden = [max(0, wj * x + bj) for wj, bj in zip(w, b)]
            error = sum(aj * hj for aj, hj in zip(a, hidden)) + c - task["y"][i]
            loss += error * error / (2 * len(batch))
            for j, hj in enumerate(hidden):
                if hj > 0:
                    ga[j] += error * hj / len(batch)
                    gb[j] += error * a[j] / len(batch)
                    gw[j] += error * a[j] * x / len(batch)
            gc += error / len(batch)
        losses.append(loss)
        for values, gradient in ((w, gw), (b, gb), (a, ga)):
            for j, g in enumerate(gradient):
                values[j] -= rate * g
        c -= rate * gc
    return losses, dict(hidden_weights=w, hidden_biases=b, output_weights=a, output_biases=[c])


how, factor = sys.argv[1] if len(sys.argv) > 1 else "", float(sys.argv[2]) if len(sys.argv) > 2 else 1
print(json.dumps({"version": "Plain Python"}), flush=True)
for line in sys.stdin:
    request, reply = json.loads(line), {}
    if request["do"] == "load":
        task = request["task"]
    elif how == "stop":
        sys.exit("no more memory")
    else:
        began = time.perf_counter()
        for _ in range(request["repeats"]):
            ends = [train(task, net, request["steps"], factor if how == "rate" else 1) for net in task["nets"]]
        seconds = (time.perf_counter() - began) / request["repeats"]
        reply = {"seconds": [seconds] * request["repeats"]}
        if request["results"]:
            if how == "end":
                for _, net in ends:
                    net["output_biases"][0] += factor
            reply |= {"losses": [losses[:100] for losses, _ in ends], "nets": [net for _, net in ends]}
    print(json.dumps(reply), flush=True)
