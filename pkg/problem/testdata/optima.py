"""Writes optima.csv: a line for each problem, its name and the values that the Go code must give.

Python 3.11, NumPy 2.4.6, scikit-learn 1.9.1. What scikit-learn calls alpha and C is said beside each.
"""

import csv
import pathlib

import numpy
from sklearn.datasets import load_diabetes, load_digits
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge

rows = {}

# Digits: the number of each, and the mean ink of each pixel.
pixels, labels = load_digits(return_X_y=True)
rows["digits count"] = numpy.bincount(labels)
rows["digits mean pixel"] = pixels.mean(axis=0) / 16

# 3 against 8 with a column of ones: (1/n) sum log(1 + exp(-m)) + (ridge/2) |theta|^2, C = 1/(n ridge).
chosen = numpy.isin(labels, [3, 8])
x = numpy.hstack([pixels[chosen] / 16, numpy.ones((chosen.sum(), 1))])
y = (labels[chosen] == 8).astype(int)
for ridge in [0.1, 0.001]:
    model = LogisticRegression(
        C=1 / (len(y) * ridge), fit_intercept=False, solver="newton-cholesky", tol=1e-13, max_iter=1000
    ).fit(x, y)
    theta = model.coef_[0]
    margin = (2 * y - 1) * (x @ theta)
    rows[f"3 or 8, ridge {ridge}: theta"] = theta
    rows[f"3 or 8, ridge {ridge}: loss, accuracy"] = [
        numpy.logaddexp(0, -margin).mean() + ridge / 2 * theta @ theta,
        model.score(x, y),
    ]

# Diabetes, standardised, the target centred: (1/2n) |X theta - y|^2 + (ridge/2) |theta|^2 + l1 |theta|_1.
x, y = load_diabetes(return_X_y=True, scaled=False)
x = (x - x.mean(axis=0)) / x.std(axis=0)
y = y - y.mean()
rows["diabetes, ridge 0.5"] = Ridge(alpha=len(y) * 0.5, fit_intercept=False, tol=1e-15).fit(x, y).coef_
rows["diabetes, l1 5"] = Lasso(alpha=5, fit_intercept=False, tol=1e-15, max_iter=10**6).fit(x, y).coef_
rows["diabetes, ridge 0.2, l1 3"] = (
    ElasticNet(alpha=3.2, l1_ratio=3 / 3.2, fit_intercept=False, tol=1e-15, max_iter=10**6).fit(x, y).coef_
)

# The minimum-norm fit of the first 6 patients' progression by all ten variables.
rows["6 patients, minimum norm"] = LinearRegression(fit_intercept=False).fit(x[:6], y[:6]).coef_

with open(pathlib.Path(__file__).parent / "optima.csv", "w") as file:
    writer = csv.writer(file, lineterminator="\n")
    for name, values in rows.items():
        writer.writerow([name, *(repr(float(v)) for v in values)])
