"""Make ../drag.webp of the pictures in a folder: python pack.py FOLDER (needs Pillow)."""

import pathlib
import sys

from PIL import Image

shots = [Image.open(path).convert("RGB") for path in sorted(pathlib.Path(sys.argv[1]).glob("*.png"))]
frames = [shot.resize((900, round(shot.height * 900 / shot.width)), Image.LANCZOS) for shot in shots]
frames += frames[-2:0:-1]  # and back
frames[0].save(pathlib.Path(__file__).parents[1] / "drag.webp", save_all=True, append_images=frames[1:], duration=90, loop=0, quality=60, method=6)
