"""Memory and start time of a class at rest: students log in side by side, each runs the first cell of chapter 1, and nobody does more.

    python measure.py HUB PASSWORDS BASE N [TOGETHER]

N students begin, TOGETHER at once (default 5). It prints the seconds until a server answers and until the first cell is done, and the
memory that the machine has less, at most and at rest. With BASE, the folder of one_machine.py, it prints the memory of each student's
processes too, as root: what is shared with others is counted in parts (PSS). BASE is "" for jupyterhub_config.py."""

import re
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from students import Student, passwords, processes

hub, file, base, n = sys.argv[1], sys.argv[2], sys.argv[3] and Path(sys.argv[3]), int(sys.argv[4])
together = int((sys.argv[5:] or ["5"])[0])
password = passwords(file)


def memory(uid):
    """Megabytes of a user's processes, by the names of their programs."""
    used = {}
    for pid in processes(uid):
        try:
            pss = int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1]) / 1000
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            used[name] = used.get(name, 0) + pss
        except (OSError, TypeError):  # it has ended
            continue
    return used


def available():
    return int(re.search(r"^MemAvailable:\s+(\d+)", Path("/proc/meminfo").read_text(), re.M)[1]) / 1000


def begin(name):
    student = Student(hub, name)
    begun = time.time()
    assert student.log_in(password[name]), name
    student.start(600)
    answers = time.time() - begun
    student.open()
    _, failed, _ = student.run(student.cells()[0])
    assert not failed, failed
    return student, answers, time.time() - begun


names = [name for name in password if name != "teacher"][:n]
before = least = available()


def watch():
    global least
    while True:
        least = min(least, available())
        time.sleep(0.5)


threading.Thread(target=watch, daemon=True).start()
with ThreadPoolExecutor(together) as pool:
    begun = list(pool.map(begin, names))
time.sleep(5)
print(f"{n} students, {together} at once")
print(f"a server answers after {statistics.median(b[1] for b in begun):.1f} s (at most {max(b[1] for b in begun):.1f}), "
      f"the first cell is done after {statistics.median(b[2] for b in begun):.1f} s (at most {max(b[2] for b in begun):.1f})")
if base:
    used = [memory((base / "students" / name).stat().st_uid) for name in names]
    sums = [sum(student.values()) for student in used]
    print(f"a student's processes take {statistics.median(sums):.0f} MB (at most {max(sums):.0f}): "
          + ", ".join(f"{name} {statistics.median(u.get(name, 0) for u in used):.0f}" for name in sorted(used[0], key=used[0].get, reverse=True)))
rest = available()
print(f"the machine has {before - rest:.0f} MB less, {(before - rest) / n:.0f} a student, and had {before - least:.0f} MB less at most; {rest:.0f} MB are left")
