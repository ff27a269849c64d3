"""Writes ../data/digits.txt. Python 3.11, scikit-learn 1.9.1."""

import pathlib

from sklearn.datasets import load_digits

pixels, labels = load_digits(return_X_y=True)
with open(pathlib.Path(__file__).parent.parent / "data" / "digits.txt", "w") as file:
    for label, image in zip(labels, pixels.astype(int)):
        file.write(f"{label} {''.join('0123456789abcdefg'[ink] for ink in image)}\n")
