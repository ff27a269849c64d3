"""Writes reference.json: samples, and the estimates and intervals that scipy and statsmodels have for them.

Needs numpy 2.4.6, scipy 1.17.1 and statsmodels 0.15.0: python reference.py > reference.json
"""
import json
import sys

import numpy
import scipy.signal
import scipy.stats
import statsmodels.api
from statsmodels.stats.proportion import proportion_confint
from statsmodels.tsa.stattools import acf

CONFIDENCES = [0.5, 0.95, 0.9999]
rng = numpy.random.default_rng(1)
xs = (3 + rng.standard_normal(7)).round(6)
ys = (2 + 5 * rng.standard_normal(12)).round(6)
at = numpy.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
law = (5 * at**-1.1 * numpy.exp(0.1 * rng.standard_normal(6))).round(6)
series = rng.standard_normal(41)
for t in range(1, 41):
    series[t] += 0.6 * series[t - 1]
series = series.round(6)


def interval(value, ends):
    return [float(value), float(ends[0]), float(ends[1])]


out = dict(xs=list(xs), ys=list(ys), at=list(at), law=list(law), series=list(series), cases=[])
for c in CONFIDENCES:
    welch = scipy.stats.ttest_ind(xs, ys, equal_var=False)
    line = statsmodels.api.OLS(law, statsmodels.api.add_constant(at)).fit()
    power = statsmodels.api.OLS(numpy.log(law), statsmodels.api.add_constant(numpy.log(at))).fit()
    r, ends = acf(series, nlags=10, alpha=1 - c, bartlett_confint=True, fft=False, result_object=False)
    out["cases"].append(dict(
        confidence=c,
        mean=interval(xs.mean(), scipy.stats.t.interval(c, 6, xs.mean(), scipy.stats.sem(xs))),
        difference=interval(xs.mean() - ys.mean(), welch.confidence_interval(c)),
        proportions=[[k, n, *interval(k / n, proportion_confint(k, n, 1 - c, "wilson"))]
                     for k, n in [(0, 10), (3, 10), (10, 10), (1, 1000)]],
        slope=interval(line.params[1], line.conf_int(1 - c)[1]),
        intercept=interval(line.params[0], line.conf_int(1 - c)[0]),
        exponent=interval(power.params[1], power.conf_int(1 - c)[1]),
        factor=interval(numpy.exp(power.params[0]), numpy.exp(power.conf_int(1 - c)[0])),
        autocorrelation=[interval(value, e) for value, e in zip(r, ends)],
    ))
frequency, power = scipy.signal.periodogram(series, detrend="constant", return_onesided=False)
out["omega"] = list(2 * numpy.pi * frequency[1:21])
out["power"] = list(power[1:21])
json.dump(out, sys.stdout, indent=1)
print()
