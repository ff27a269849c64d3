"""Two students of a class server at work, and what one of them tries against the other.

    python check.py HUB PASSWORDS HOME [BASE]

PASSWORDS is what passwords.py printed for ada and bob, HOME the folder of a student's home with {} for the name, as the student's own
cells see it. With BASE, the folder of one_machine.py, it looks at processes and files too; that takes root. The hub culls after seconds.
Where STRANGER is the address of a container that serves port 9000, it tries the network of containers; RESTART is a command that restarts
the hub, which the students' servers outlive."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from students import Student, passwords, processes

hub, home = sys.argv[1], sys.argv[3]
base = Path(sys.argv[4]) if len(sys.argv) > 4 else None
password = passwords(sys.argv[2])
ada, bob = Student(hub, "ada"), Student(hub, "bob")


def check(holds, what):
    if not holds:
        sys.exit("docker/hub/check: " + what)


def begin(student):
    check(student.log_in(password[student.name]), f"{student.name} cannot log in")
    seconds = student.start()
    student.open()
    begun = time.time()
    for code in student.cells()[:2]:
        _, failed, shown = student.run(code)
        check(not failed and shown, f"a cell of {student.name}'s fails: {failed}")
    print(f"{student.name}'s server answers after {seconds:.1f} s, the first two cells take {time.time() - begun:.1f} s")


# Who may enter.
check(Student(hub, "eve").get("/hub/signup")[0] in (403, 404), "anybody can sign up")
check(not Student(hub, "ada").log_in("password"), "a wrong password opens the hub")
check(not Student(hub, "eve").log_in(password["ada"]), "somebody who is on no list can log in")
try:  # what anybody may send is short: a hub that takes the body looks for a token in it, and answers 403
    urllib.request.urlopen(urllib.request.Request(hub + "/hub/login", b"x" * (2 << 20)), timeout=60)
    status = 200
except urllib.error.HTTPError as error:
    status = error.code
except OSError:
    status = 0
check(status not in (200, 403), f"the hub takes 2 MB from anybody: {status}")
with ThreadPoolExecutor() as pool:
    list(pool.map(begin, (ada, bob)))

# Ada edits a chapter; bob looks for it.
chapter = "01-gradient-descent.ipynb"
edited = ada.read(chapter)
edited["content"]["cells"][0]["source"] = "This is ada's."
ada.write(chapter, {key: edited[key] for key in ("type", "format", "content")})
for path in ("api/contents/" + chapter, "files/" + chapter, "api/kernels", "lab"):
    status, text = bob.get(ada.base + path)
    check(status in (403, 404) and "ada's" not in text, f"bob's browser gets ada's {path}: {status}")
check('name="password"' in Student(hub, "eve").get(ada.base + "files/" + chapter)[1], "ada's files can be read without a password")
check(bob.get("/hub/api/users/ada")[0] in (403, 404), "bob may ask the hub about ada")
check(bob.get("/hub/api/users")[0] == 403, "bob may list the class")

if command := os.environ.get("RESTART"):
    ada.socket.close()
    bob.socket.close()
    subprocess.run(command.split(), check=True)
    ends = time.time() + 60
    while True:
        try:
            status, text = ada.get(ada.base + "api/kernels")
        except OSError as error:  # the proxy is not back
            status, text = 0, str(error)
        if status == 200 and ada.kernel in text:
            break
        check(time.time() < ends, f"ada's kernel is gone after a restart of the hub: {status} {text[-300:]}")
        time.sleep(1)
    ada.open()
    bob.open()
    print("the hub was restarted, and the students' kernels went on")

token = ada.run('%%\nfmt.Println(os.Getenv("JUPYTERHUB_API_TOKEN"))')[0].strip()
check(len(token) > 20, "ada's cell has no token of the hub")
ada.run('%%\nfor _, folder := range []string{"/tmp", "/var/tmp", "/dev/shm"} {\n\tos.WriteFile(folder+"/ada", nil, 0o666)\n}')
trials = {
    f"ada's file in {folder}": f'os.Stat("{folder}/ada")' for folder in ("/tmp", "/var/tmp", "/dev/shm")
} | {
    "ada's notebook": f'os.ReadFile("{home.format("ada")}/work/{chapter}")',
    "ada's folder": f'os.ReadDir("{home.format("ada")}")',
    "the hub's database": 'os.ReadFile("/srv/descent/state/jupyterhub.sqlite")',
    "root": "struct{}{}, syscall.Setuid(0)",
}
if base:
    root = Path(__file__).resolve().parent.parent.parent
    uids = {name: (base / "students" / name).stat().st_uid for name in ("ada", "bob")}
    check(len(set(uids.values())) == 2 and min(uids.values()) >= 70000, f"the students' uids are {uids}")
    for path, mode in ((base / "state", 0o700), (Path(os.environ["DESCENT_CLASS"]), 0o700), (base / "students" / "ada", 0o700), (base / "students", 0o711)):
        check(path.stat().st_mode & 0o777 == mode, f"{path} has mode {path.stat().st_mode & 0o777:o}")
    hers = processes(uids["ada"])
    server = next(pid for pid in hers if b"JUPYTERHUB_API_TOKEN" in Path(f"/proc/{pid}/environ").read_bytes())
    programs = {Path(f"/proc/{pid}/comm").read_text().strip() for pid in hers}
    check("gonb" in programs and "gopls" not in programs, f"completion is off, and ada's programs are {programs}")
    trials |= {
        "the list of students": f'os.ReadDir("{base}/students")',
        "the hub's database": f'os.ReadFile("{base}/state/jupyterhub.sqlite")',
        "the passwords of the class": f'os.ReadDir("{os.environ["DESCENT_CLASS"]}")',
        "solutions": f'os.ReadDir("{root}/notebooks/assignments")',
        "solutions in the history": f'os.ReadDir("{root}/.git")',
        "the installation": f'struct{{}}{{}}, os.WriteFile("{root}/.lab/bin/lab", nil, 0o755)',
        "the assignments": f'struct{{}}{{}}, os.WriteFile("{home.format("bob")}/work/assignments/mine", nil, 0o644)',
        "ada's environment": f'os.ReadFile("/proc/{server}/environ")',
        "ada's arguments": f'os.ReadFile("/proc/{server}/cmdline")',
        "ada's server": f"struct{{}}{{}}, syscall.Kill({server}, 0)",
    }
    for entry in os.scandir("/proc"):
        try:
            check(not entry.name.isdigit() or token.encode() not in Path(entry.path, "cmdline").read_bytes(), f"ada's token is an argument of process {entry.name}")
        except OSError:
            continue
    ports = [line.split() for file in ("/proc/net/tcp", "/proc/net/tcp6") for line in open(file).readlines()[1:]]
    listening = [fields[1] for fields in ports if fields[3] == "0A" and int(fields[7]) == uids["ada"]]
    check(len(listening) == 1 and listening[0].startswith("0100007F:"), f"ada's programs listen at {listening}, where everybody on the machine reaches them")
if stranger := os.environ.get("STRANGER"):
    with urllib.request.urlopen(f"http://{stranger}:9000/", timeout=10) as page:
        check(page.status == 200, "the container that nobody should reach cannot be reached from the machine either")
    trials |= {
        "another container": f'net.DialTimeout("tcp", "{stranger}:9000", 3*time.Second)',
        "the proxy's settings": 'net.DialTimeout("tcp", "hub:8001", 3*time.Second)',
        "Docker": 'net.Dial("unix", "/var/run/docker.sock")',
    }
    request = bob.run('%%\nr, _ := http.NewRequest("GET", "http://descent-ada:8888/user/ada/api/contents", nil)\n'
                      'r.Header.Set("Authorization", "token "+os.Getenv("JUPYTERHUB_API_TOKEN"))\n'
                      'a, err := http.DefaultClient.Do(r)\nfmt.Println(a.StatusCode, err)')
    check(request[0].startswith("403"), f"bob's cell reaches ada's server: {request}")
for what, expression in trials.items():
    said, failed, _ = bob.run(f'%%\n_, err := {expression}\nfmt.Println("refused:", err)')
    check(not failed and "refused: " in said and "refused: <nil>" not in said, f"bob's cell reaches {what}: {said}{failed}")
said, failed, _ = bob.run('%%\nentries, _ := os.ReadDir("/proc")\nfor _, e := range entries {\n\tinfo, err := os.Stat("/proc/" + e.Name())\n'
                          '\tif err == nil && e.Name()[0] >= \'0\' && e.Name()[0] <= \'9\' && int(info.Sys().(*syscall.Stat_t).Uid) != os.Getuid() {\n'
                          '\t\tfmt.Println("sees", e.Name())\n\t}\n}\nfmt.Println("done")')
check("done" in said and "sees" not in said, f"bob sees the processes of others: {said}{failed}")
request = bob.run(f'%%\nr, _ := http.NewRequest("GET", os.Getenv("JUPYTERHUB_API_URL")+"/users/ada", nil)\nr.Header.Set("Authorization", "token "+os.Getenv("JUPYTERHUB_API_TOKEN"))\n'
                  'a, err := http.DefaultClient.Do(r)\nfmt.Println(a.StatusCode, err)')
check(request[0].startswith(("403", "404")), f"bob's token tells about ada: {request}")
print(f"{len(trials) + 1} attempts of bob's cells on what is ada's, the hub's or root's are refused")

# Both do nothing, and are culled.
ada.socket.close()
bob.socket.close()
ends = time.time() + 240
while ada.running() or bob.running():
    check(time.time() < ends, "an idle server is not culled")
    time.sleep(1)
if base:
    check(not any(processes(uid) for uid in uids.values()), "a culled server leaves processes behind")
print("both are culled")

# Ada comes back.
seconds = ada.start()
check(ada.read(chapter)["content"]["cells"][0]["source"] == "This is ada's.", "ada's edit is lost")
ada.open()
_, failed, shown = ada.run(ada.cells()[0])
check(not failed and shown, f"ada's cell fails: {failed}")
print(f"ada comes back after {seconds:.1f} s and finds what she wrote")
