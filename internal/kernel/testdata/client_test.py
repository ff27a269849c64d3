"""The kernel as Jupyter's own client sees it. Run by TestClient of the package kernel, with the lab's Python."""
import glob
import os
import signal
import subprocess
import sys
import time
import unittest
import uuid
from queue import Empty

import zmq
from jupyter_client.manager import KernelManager
from jupyter_client.session import Session


def group(pid):
    """Every process below pid, those in process groups of their own included."""
    out = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True).stdout
    children = {}
    for line in out.splitlines():
        p, parent = map(int, line.split())
        children.setdefault(parent, []).append(p)
    found, todo = [], [pid]
    while todo:
        p = todo.pop()
        found.append(p)
        todo += children.get(p, [])
    return found


def commands(pid):
    """The command lines of GoNB's process group, GoNB being the kernel's child."""
    out = subprocess.run(["ps", "-eo", "ppid=,pgid=,pid=,args="], capture_output=True, text=True).stdout
    lines = [line.split(None, 3) for line in out.splitlines()]
    gonb = [l[2] for l in lines if int(l[0]) == pid and "gonb" in l[3]]
    return [l[3] for l in lines if l[1] in gonb and "defunct" not in l[3]]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return subprocess.run(["ps", "-p", str(pid)], capture_output=True).returncode == 0 and sys.platform != "linux"


def memory(pid):
    return int(subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True).stdout or 0) / 1024


class Result:
    def __init__(self):
        self.messages, self.reply, self.pieces = [], None, []

    def of(self, kind):
        return [m["content"] for m in self.messages if m["msg_type"] == kind]

    def text(self, name="stdout"):
        return "".join(c["text"] for c in self.of("stream") if c["name"] == name)

    def trace(self):
        return "\n".join(self.of("error")[0]["traceback"])


class Kernel(unittest.TestCase):
    def setUp(self):
        self.km, self.kc = self.start()

    def start(self):
        km = KernelManager(kernel_name="descent")
        km.start_kernel()
        kc = km.client()
        kc.start_channels()
        kc.wait_for_ready(timeout=60)
        self.addCleanup(self.end, km, kc)
        return km, kc

    def end(self, km, kc):
        kc.stop_channels()
        if km.has_kernel:
            km.shutdown_kernel(now=True)

    def pid(self):
        return self.km.provisioner.pid

    def collect(self, id, kc=None, timeout=60, each=lambda m: None):
        kc = kc or self.kc
        r = Result()
        while True:
            m = kc.get_iopub_msg(timeout=timeout)
            if m["parent_header"].get("msg_id") != id:
                continue
            r.messages.append(m)
            each(m)
            if m["msg_type"] == "status" and m["content"]["execution_state"] == "idle":
                break
        while r.reply is None:
            m = kc.get_shell_msg(timeout=timeout)
            if m["parent_header"].get("msg_id") == id:
                r.reply = m
        return r

    def run_cell(self, code, **options):
        return self.collect(self.kc.execute(code), **options)

    def until(self, done, seconds):
        end = time.monotonic() + seconds
        while not done():
            self.assertLess(time.monotonic(), end, "still not so")
            time.sleep(0.05)


class Protocol(Kernel):
    def test_info_is_what_notebooks_hold(self):
        self.kc.kernel_info()
        info = self.kc.get_shell_msg(timeout=10)["content"]
        self.assertEqual(info["language_info"], {"name": "go", "file_extension": ".go", "mimetype": "text/x-go",
                                                 "pygments_lexer": "go", "codemirror_mode": "go"})

    def test_a_cell(self):
        r = self.run_cell('%%\nfmt.Println("hi")')
        self.assertEqual(r.text(), "hi\n")
        self.assertEqual(r.reply["content"]["status"], "ok")
        self.assertEqual(r.of("execute_input")[0], {"code": '%%\nfmt.Println("hi")', "execution_count": 1})
        states = [c["execution_state"] for c in r.of("status")]
        self.assertEqual(states, ["busy", "idle"])

    def test_history_completeness_and_comms_are_answered(self):
        for ask in (lambda: self.kc.history(), lambda: self.kc.is_complete("%%"), lambda: self.kc.comm_info()):
            id = ask()
            r = self.collect(id, timeout=5)
            self.assertIn("_reply", r.reply["msg_type"])

    def test_wrong_signatures_and_nonsense_are_left_out(self):
        s = self.kc.shell_channel.socket
        other = Session(key=b"another key")
        other.send(s, "execute_request", {"code": "%%\nos.Exit(1)"})
        s.send_multipart([b"x"])
        s.send_multipart([b"<IDS|MSG>", b"", b"{}", b"{", b"", b"nonsense"])
        self.kc.session.send(s, "execute_request", {"code": "%%"})  # what is missing has its default
        self.kc.session.send(s, "no_such_request", {})
        for code in ("% ", "! ", "%", "!", "%\\", "x\n%  \n", ""):
            self.run_cell(code)
        self.assertEqual(self.run_cell('%%\nfmt.Print("well")').text(), "well")

    def test_cells_that_would_end_gonb(self):
        self.run_cell("var kept = 3")
        for code, says in {"%%\nx := 1\n%%\nfmt.Print(x)": "Line 3", "%%\nfmt.Print(`\n%%\n`)": "Line 3", "%main\n\n//gonb:%% --a=1": "Line 3",
                           "%exec f\nfunc f() {}\n%%": "Line 3", "%executor": "Line 1", "%%\n%exec\tf": "Line 2"}.items():
            r = self.run_cell(code)
            self.assertEqual(r.reply["content"]["status"], "error", code)
            self.assertIn(says, r.trace())
            self.assertEqual(len(r.of("execute_input")), 1)
        self.run_cell("//gonb:% \n//gonb:!")
        self.assertEqual(self.run_cell("%%bash\ncat <<E\n%%\n%%\nE").text(), "%%\n%%\n")
        self.assertEqual(self.run_cell("%%\nfmt.Print(kept)").text(), "3")

    def test_line_ends_of_other_systems(self):
        for end in ("\r\n", "\r"):
            r = self.run_cell(end.join(("var two = 2", "%%", "fmt.Print(two)", "")))
            self.assertEqual(r.text(), "2", r.messages)
            self.assertEqual(self.run_cell(end.join(("%%bash", "echo a", "echo b"))).text(), "a\nb\n")
            self.assertEqual(self.run_cell("%ls" + end).reply["content"]["status"], "ok")
            code = end.join(("%%", "fmt.Pri"))
            self.assertIn("Println", self.collect(self.kc.complete(code, len(code))).reply["content"]["matches"])

    def test_two_clients_with_unusual_ids(self):
        second = self.km.client()
        second.session.session = " 'session' %" + "x" * 200
        second.start_channels()
        self.addCleanup(second.stop_channels)
        second.wait_for_ready(timeout=20)
        id = second.execute('%%\nfmt.Print("two")')
        seen = self.collect
        r = seen(id, kc=second)
        self.assertEqual(r.text(), "two")
        self.assertEqual(r.reply["parent_header"]["session"], second.session.session)
        while True:  # the first client sees it too
            m = self.kc.get_iopub_msg(timeout=10)
            if m["msg_type"] == "stream":
                break
        self.assertEqual(m["content"]["text"], "two")
        self.assertEqual(self.run_cell('%%\nfmt.Print("one")').text(), "one")

    def test_large_pictures(self):
        r = self.run_cell('import "github.com/janpfeifer/gonb/gonbui"\n%%\ngonbui.DisplayHTML(strings.Repeat("x", 10_000_000))\ngonbui.Sync()')
        self.assertEqual(len(r.of("display_data")[0]["data"]["text/html"]), 10_000_000)

    def test_buffers_pass(self):
        self.kc.session.send(self.kc.shell_channel.socket, "comm_msg", {"comm_id": "x", "data": {}}, buffers=[b"\x00<IDS|MSG>\xff" * 1000])
        self.assertEqual(self.run_cell('%%\nfmt.Print("well")').text(), "well")

    def test_input(self):
        id = self.kc.execute('%with_inputs\n!read x; echo "got $x"', allow_stdin=True)
        asked = self.kc.get_stdin_msg(timeout=20)
        self.assertEqual(asked["msg_type"], "input_request")
        self.kc.input("something")
        self.assertEqual(self.collect(id).text(), "got something\n")

    def test_shell_commands_without_input(self):
        self.assertEqual(self.run_cell('!cat; echo "end"\n!*read x || \\\n echo none').text(), "end\nnone\n")

    @unittest.skipUnless(sys.platform == "linux", "Linux alone tells who waits for input")
    def test_programs_that_read(self):
        self.run_cell("var kept = 3\nfunc line() (s string) { s, _ = bufio.NewReader(os.Stdin).ReadString('\\n'); return }")
        for code in ("%%\nvar x int\nfmt.Scan(&x)", "%%\nfmt.Print(line())", "%%\nio.ReadAll(os.Stdin)"):
            r = self.collect(self.kc.execute(code, allow_stdin=False), timeout=20)
            self.assertIn("nobody can type there", r.trace(), code)
        id = self.kc.execute('%%\nvar x, y int\nfmt.Print("x? ")\nfmt.Scanln(&x)\nfmt.Scanln(&y)\nfmt.Print(x * y)', allow_stdin=True)
        for typed in "6", "7":
            self.assertEqual(self.kc.get_stdin_msg(timeout=20)["msg_type"], "input_request")
            self.kc.input(typed)
        self.assertEqual(self.collect(id, timeout=20).text(), "x? 42")
        id = self.kc.execute("%%\nfmt.Print(line())", allow_stdin=True)
        self.kc.get_stdin_msg(timeout=20)
        self.km.interrupt_kernel()
        self.assertEqual(self.collect(id).reply["content"]["ename"], "Interrupted")
        self.kc.input("late")
        r = self.collect(self.kc.execute("%%\n_ = os.Stdin\ntime.Sleep(2 * time.Second)\nfmt.Print(kept)", allow_stdin=False))
        self.assertEqual(r.text(), "3")

    def test_cells_after_an_error_wait_in_vain(self):
        ids = [self.kc.execute(c) for c in ("%%\nos.Exit(1)", '%%\nfmt.Print("no")')]
        replies = {}
        while len(replies) < 2:
            m = self.kc.get_shell_msg(timeout=60)
            replies[m["parent_header"]["msg_id"]] = m["content"]["status"]
        self.assertEqual([replies[i] for i in ids], ["error", "aborted"])

    def test_restart(self):
        self.km.restart_kernel()
        self.kc.wait_for_ready(timeout=60)
        self.assertEqual(self.run_cell('%%\nfmt.Print("again")').text(), "again")


class Floods(Kernel):
    def test_the_middle_is_cut(self):
        r = self.run_cell('%%\nfor i := range 200_000 { fmt.Println("line", i) }')
        text = r.text()
        self.assertTrue(text.startswith("line 0\nline 1\n"))
        self.assertTrue(text.endswith("line 199998\nline 199999\n"))
        self.assertLess(text.count("\n"), 20_010)
        notices = [c["text"] for c in r.of("stream") if c["text"].startswith("… output cut: ")]
        self.assertEqual(len(notices), 1)
        self.assertIn(f"{200_000 - text.count(chr(10)) + 1} lines", notices[0])

    def test_little_is_not_cut(self):
        r = self.run_cell('%%\nfor i := range 19_000 { fmt.Println("line", i) }')
        self.assertEqual(r.text(), "".join(f"line {i}\n" for i in range(19_000)))
        self.assertEqual(r.text("stderr"), "")

    def test_a_long_panic_is_cut_once(self):
        r = self.run_cell('%%\npanic(strings.Repeat("p", 3<<20))')
        self.assertEqual(r.text().count("… output cut: "), 1)

    def test_a_long_line_is_cut(self):
        r = self.run_cell('%%\nfmt.Print(strings.Repeat("a", 6_000_000))')
        self.assertLess(len(r.text().encode()), 1_100_000)

    def test_endless_output_is_batched_bounded_and_interrupted(self):
        for body in ('fmt.Println("again and again")', 'fmt.Fprintln(os.Stderr, "again and again")', 'gonbui.UpdateHTML("x", strings.Repeat("again", 1000))'):
            with self.subTest(body):
                id = self.kc.execute('import "github.com/janpfeifer/gonb/gonbui"\n%%\nfor { ' + body + " }")
                times, begun = [], time.monotonic()
                while time.monotonic() < begun + 5 or not times:
                    try:
                        m = self.kc.get_iopub_msg(timeout=0.1)
                    except Empty:
                        continue
                    if m["msg_type"] in ("stream", "display_data", "update_display_data"):
                        times.append(time.monotonic())
                used = sum(memory(p) for p in group(self.pid()))
                asked = time.monotonic()
                self.km.interrupt_kernel()
                r = self.collect(id)
                self.assertEqual(r.reply["content"]["ename"], "Interrupted")
                self.assertLess(time.monotonic() - asked, 10)  # half a second, were the machine ours alone
                print(f"{body[:20]} interrupted after {time.monotonic() - asked:.2f} s, memory {used:.0f} MB", file=sys.stderr)
                self.assertLess(used, 900)
                self.assertLess(len(times), 12 * (times[-1] - times[0]) + 8)

    def test_the_last_update_and_every_picture_arrive(self):
        r = self.run_cell('import "github.com/janpfeifer/gonb/gonbui"\n%%\nfor i := range 500 { gonbui.UpdateHTML("x", fmt.Sprint("number ", i)) }\n'
                          'for i := range 20 { gonbui.DisplayHTML(fmt.Sprint("picture ", i)) }\ngonbui.Sync()')
        self.assertEqual(r.of("update_display_data")[-1]["data"]["text/html"], "number 499")
        self.assertLess(len(r.of("update_display_data")), 100)
        self.assertEqual([c["data"]["text/html"] for c in r.of("display_data")][1:], [f"picture {i}" for i in range(20)])


    @unittest.skipUnless(sys.platform == "linux", "Linux alone lets the size of a pipe be chosen")
    def test_characters_stay_whole(self):
        for code in ('for range 4000 { lab.Say(strings.Repeat("é", 101)) }', 'for range 4000 { fmt.Println(strings.Repeat("é", 101)) }; lab.Say("")'):
            for _ in range(3):
                r = self.run_cell("%%\n" + code)
                shown = r.text() + "".join(c["data"]["text/plain"] for c in r.of("display_data") + r.of("update_display_data"))
                self.assertGreater(len(shown), 200_000)  # how much of what is said comes as text of the end depends on time
                self.assertNotIn("\ufffd", shown)

    def test_every_picture_comes_before_the_end(self):
        r = self.run_cell('import "github.com/janpfeifer/gonb/gonbui"\n%%\nfor i := range 2000 { gonbui.DisplayHTML(fmt.Sprint(i)) }')
        self.assertEqual([c["data"]["text/html"] for c in r.of("display_data")], [str(i) for i in range(2000)])
        r = self.run_cell('%%\nfmt.Print("gonbui.DisplayHTML") // gonbui.Sync')
        self.assertEqual(r.text(), "gonbui.DisplayHTML")


class Errors(Kernel):
    def test_a_statement_without_main(self):
        r = self.run_cell('fmt.Println("hi")')
        self.assertIn("%%", r.trace())
        self.assertIn("00-how-a-cell-works.ipynb", r.trace())

    def test_python(self):
        for code in ('print("hi")', "import numpy as np\nnp.pi", "def f(x):\n    return x", "for i in range(3):\n    print(i)"):
            r = self.run_cell(code)
            self.assertIn("this kernel runs Go", r.trace(), code)

    def test_hints(self):
        python, marks = "looks like Python", "Write %% on a line of its own above"
        for code, says in {
            "%%\nfmt.Println(1)\n}": "no matching {", "func f() {\n}\n}": "no matching {", "%%\nif true {\n}\n}\nfmt.Println(2)": "no matching {",
            "type T struct {\n%%\nfmt.Println(1)": "no matching }", "func f() {\n%%\nfmt.Println(1)": "no matching }",
            " %%\nfmt.Println(1)": "must begin its line", "var a = 1\n\t%%\nfmt.Println(a)": "space before it in line 2",
            "%%x\nfmt.Println(1)": "%%x in line 1 is unknown", "%%time\nfmt.Println(1)": "%%time in line 1 is unknown",
            "%%main\nfmt.Println(1)": "%%main in line 1 is unknown",
            "%%\n{ y := 1; _ = y }\nfmt.Println(y)": "declaration in line 2", "%%\nfor i := range 3 {\n}\nfmt.Println(i)": "declaration in line 2",
            "func g(w int) {}\n%%\nfmt.Println(w)": "declaration in line 1", "%%\nfmt.Println(late)\nlate := 1\n_ = late": "declared in line 3, below",
            "%%\nz = 5": "z := …", "%%\nfunc f() {}": "declared above", "%%\nimport \"fmt\"\nfmt.Println()": "Imports stand above",
            "%%\nfor i in range(3):\n    print(i)": python, "%%\ndef f(x):\n    return x": python, "%%\nwhile True:\n    pass": python,
            "%%\nimport numpy as np": python, "# Title": "Markdown", "%%\n# comment": "begins with //", "'hello'": "double quotes",
            "%%\nx := 'hello'": "double quotes", "fmt.Println(2)\n%%\nfmt.Println(1)": "Move this statement below", "fmt.Println(1)": marks,
            "%%\nfmt.Println(1)\nfmt.Printline(2)": "fmt has no Printline. Did you mean Println?", "%%\nfmt.Println(math.pi)": "mean Pi?",
            "import \"descent.example/pkg/figure\"\n%%\nfigure.Niu()": "Did you mean New?", "%%\nc := train.Config{Stps: 3}\n_ = c": "Did you mean Steps?",
            "%%\nf := figure.New(\"x\")\nf.Lines(\"\", nil, nil)": "figure.Figure has no Lines. Did you mean Line?", "%%\nSay(\"x\")": "write lab.Say",
            "import \"github.com/gomlx/gomlx/core/graph\"\n%%\ngraph.Addd()": "Did you mean Add?", "import \"descent.example/pkg/trian\"\n%%\ntrian.X()": "mean descent.example/pkg/train?",
            "import \"example.org/none\"\n%%\nnone.X()": "is none of them", "func (": "not finished", "func f(": "not finished", "func": "not finished",
            "%%\nfmt.Println(\"hi\"": "A ( has no matching )", "%%\nx := []int{1, 2\nfmt.Println(x)": "A { has no matching }", "%%\nx := 3 +": "last statement",
            "%%\nunused := 3": "nothing uses", "%%\nx := 2\nx": 'lab.Say("%v", x)', "%%\nn := 3\nfmt.Println(math.Sqrt(n))": "write float64(…)",
            "%%\nx := 2.0\nfmt.Println(x**2)": "math.Pow", "%%\nif true {\n}\nelse {\n}": "} else {", "%%\nlab.Say(3)": "begins with a format",
            "%%\nlab.Show(3)": "lab.Show shows figures", "?lab.Say": "Shift-Tab", "%%\nx := True\n_ = x": "called true", "%%\nx := [1,2]": "[]float64{1, 2}",
        }.items():
            r = self.run_cell(code)
            self.assertIn(says, r.trace(), code)
            self.assertNotIn("go get", r.trace(), code)
            if says != marks:
                self.assertNotIn(marks, r.trace(), code)
                self.assertNotIn("No cell that ran", r.trace(), code)
        for code in ("%%\nfmt.Println(1))", '%%\nfmt.Println("a)', "%%\nvar x int = \"\"\n_ = x"):
            self.assertNotIn("%% ", self.run_cell(code).trace().replace("| %%", ""), code)

    def test_the_cell_alone_is_quoted(self):
        self.run_cell("func f() int { return 1 }")
        r = self.run_cell('%%\n\tx := f()\n\tvar y string = x\n\t_ = y')
        self.assertIn("line 3: cannot use x", r.trace())
        self.assertIn("\tvar y string = x\n      | \t               ^", r.trace())
        self.assertNotIn("flag.Parse", r.trace())
        self.assertNotIn("gonb_", r.trace())

    def test_undefined(self):
        self.run_cell("%%\nvalley := 3\nfmt.Print(valley)")
        self.assertIn('valley is declared below the %% of another cell ("valley := 3")', self.run_cell("%%\nfmt.Print(valley)").trace())
        self.assertIn("No cell that ran has declared hill", self.run_cell("%%\nfmt.Print(hill)").trace())
        self.assertIn("and no package that has nopackage.Func", self.run_cell("%%\nnopackage.Func()").trace())

    def test_panics_show_their_line(self):
        self.run_cell("func at(n int) int { a := []int{1}; return a[n] }")
        for code, line in {
            '%%\na, i := []int{1}, 5\nfmt.Println(a[i])': "line 3: fmt.Println(a[i])",
            '%%\nvar m map[string]int\nm["a"] = 1': 'line 3: m["a"] = 1',
            '%%\npanic("boom")': 'line 2: panic("boom")',
            "%%\nfmt.Println(at(3))": "cell [1], line 1: func at(n int)",
            "%%\n//gonb:%args x\nx := 0\nfor range 2 {\nfmt.Println(1)\nfmt.Println(1 / x)\n}": "line 6: fmt.Println(1 / x)",
        }.items():
            r = self.run_cell(code)
            self.assertIn("The panic came from " + line, r.trace())
            self.assertIn("\t" + line, r.text("stderr"))
            self.assertEqual((r.trace() + r.text("stderr")).count("exit status 2"), 1)

    def test_the_runtime_ends_the_program(self):
        for code, says in {"%%\nvar all [][]byte\nfor {\n\tall = append(all, make([]byte, 1<<40))\n}": ("The memory ran out", "line 4: all = append"),
                           "func f(x int) int {\n\treturn f(x+1) + 1\n}\n%%\nfmt.Println(f(1))": ("called itself too often", "line 1: func f(x int) int {"),
                           "%%\nfor range 100 {\n\tgo func() { select {} }()\n}\nselect {}": ("The panic came from", "line 5: select {}")}.items():
            r = self.run_cell(code)
            for text in says:
                self.assertIn(text, r.trace())
            shown = r.text() + r.text("stderr") + r.trace()
            self.assertIn("fatal error: ", shown)
            self.assertLess(shown.count("\n"), 15, shown)
            self.assertNotIn("/usr", shown)
        r = self.run_cell('%%\nfmt.Fprintln(os.Stderr, "fatal error: of mine\\n\\tgoes on\\nand on")')
        self.assertEqual(r.text("stderr"), "fatal error: of mine\n\tgoes on\nand on\n")

    def test_parameters_of_a_cell_without_any(self):
        r = self.run_cell('%% --lr=0.5\nfmt.Println("hi")')
        self.assertIn("--lr is not a parameter of this cell", r.trace())
        self.assertNotIn("Usage", r.text("stderr") + r.trace())
        self.assertIn("no parameters", self.run_cell('%% --help\nfmt.Println("hi")').text("stderr"))
        r = self.run_cell('var n = flag.Int("count", 3, "a number")\n%% --coun=2\nfmt.Println(*n)')
        self.assertIn("-count int", r.text("stderr"))

    def test_texts_that_look_like_places(self):
        self.run_cell("var kept = 3")
        for text in "a: b: c (main.go:3)", "2026/01/02 03:04:05 main.go:3: text", "main.go:0:0: text", "a:b:-7:main.go:1", "main_test.go:9999999999999999999:1: x":
            self.assertIn(text, self.run_cell("%%\nfmt.Fprintln(os.Stderr, `" + text + "`)").text("stderr"))
        self.assertEqual(self.run_cell("%%\nfmt.Print(kept)").text(), "3")
        figure = '%%\nlab.Show(figure.New("t", figure.X("x").Range(0, 1), figure.Y("y")).Line("a", nil, {}))'
        r = self.run_cell(figure.format("func(x float64) float64 {\n\tpanic(x)\n}"))
        self.assertIn("(line 3)", r.text("stderr"))
        self.run_cell("func wrong(x float64) float64 {\n\tpanic(x)\n}")
        self.assertRegex(self.run_cell(figure.format("wrong")).text("stderr"), r"\(cell \[\d+\], line 2\)")

    def test_an_error_that_ends_the_cell_names_its_line(self):
        self.assertIn("/nix", self.run_cell('%%\nfmt.Print(1)\nlab.Must(os.Open("/nix"))').text("stderr"))
        self.assertIn("(line 3)", self.run_cell('%%\nfmt.Print(1)\nlab.Must(os.Open("/nix"))').text("stderr"))
        self.assertIn("(line 2)", self.run_cell('%%\nlab.Check(errors.New("mine"))').text("stderr"))

    def test_names_that_a_package_does_not_have(self):
        self.assertIn("undefined: fmt.Printn", self.run_cell('%%\nfmt.Printn("x")').trace())

    def test_internal_packages_are_named(self):
        trace = self.run_cell('import "descent.example/internal/plural"\n%%\nfmt.Print(plural.Of(1, "x"))').trace()
        self.assertIn("descent.example/internal/plural", trace)
        self.assertNotIn("gonb_", trace)

    def test_a_signal_from_outside_is_brief(self):
        r = self.run_cell("%%\nsyscall.Kill(os.Getpid(), syscall.SIGSEGV)\ntime.Sleep(time.Minute)")
        shown = r.text() + r.text("stderr") + r.trace()
        self.assertIn("SIGSEGV", shown)
        self.assertLess(shown.count("\n"), 15, shown)
        self.assertNotRegex(shown, "rax|r8 ")

    def test_go_in_a_shell_reaches_no_network(self):
        self.assertIn("run this in a terminal", self.run_cell("!go get example.org/none").text("stderr"))

    def test_silent_failures_are_errors(self):
        for code, says in {"!false": "!false: exit status 1", "%%bash\nexit 4": "%%bash: exit status 4", "%nonsense": "%nonsense is unknown",
                           "!exit 3\n%%\nfmt.Print(1)": "!exit 3: exit status 3"}.items():
            r = self.run_cell(code)
            self.assertEqual(r.reply["content"]["status"], "error", code)
            self.assertIn(says, r.trace())
            self.assertEqual(len(r.of("error")), 1)
        for code in ("!true", "%%bash\necho exit status 1", "%%\nfmt.Fprintln(os.Stderr, \"exit status 7\")"):
            self.assertEqual(self.run_cell(code).reply["content"]["status"], "ok", code)


class Ends(Kernel):
    def running(self):
        """Starts an endless cell and returns what has to end."""
        id = self.kc.execute('%%\nfmt.Println("begun")\nfor {}')
        self.until(lambda: self.kc.get_iopub_msg(timeout=60)["msg_type"] == "stream", 60)
        return [p for p in group(self.pid()) if p != self.pid()], id

    def folders(self):
        return glob.glob(os.path.join(os.environ["TMPDIR"], "k-*"))

    def test_interrupt(self):
        _, id = self.running()
        asked = time.monotonic()
        self.km.interrupt_kernel()
        self.assertEqual(self.collect(id).reply["content"]["ename"], "Interrupted")
        self.assertLess(time.monotonic() - asked, 5)
        self.assertEqual(self.run_cell('%%\nfmt.Print("on")').text(), "on")

    def test_interrupt_of_jobs_in_the_background(self):
        self.run_cell("var kept = 3")
        for code in ("!sleep 600 &", "%%bash\nsleep 600 &\nsleep 600 &", '%%\ncmd := exec.Command("sh", "-c", "trap : INT; while :; do sleep 600; done")\ncmd.Stdout = os.Stdout\ncmd.Start()'):
            id = self.kc.execute(code)
            self.until(lambda: any("sleep" in c for c in commands(self.pid())), 60)
            time.sleep(1)
            self.km.interrupt_kernel()
            r = self.collect(id, timeout=15)
            self.assertEqual(r.reply["content"].get("ename"), "Interrupted", (code, r.reply["content"]))
            self.assertFalse(any("sleep" in c for c in commands(self.pid())), code)
        self.assertEqual(self.run_cell("%%\nfmt.Print(kept)").text(), "3")

    def test_interrupt_of_the_compiler(self):
        id = self.kc.execute("%%\n" + "".join(f"fmt.Println({i})\n" for i in range(60_000)))
        self.until(lambda: len(group(self.pid())) > 4, 60)
        self.km.interrupt_kernel()
        self.assertEqual(self.collect(id).reply["content"]["ename"], "Interrupted")

    def test_killed_kernel(self):
        below, _ = self.running()
        self.assertGreaterEqual(len(below), 2)
        os.kill(self.pid(), signal.SIGKILL)
        self.until(lambda: not any(map(alive, below)), 5)
        self.until(lambda: not self.folders(), 5)

    def test_killed_client(self):
        code = ("import sys, time\nfrom jupyter_client.manager import KernelManager\nkm = KernelManager(kernel_name='descent')\n"
                "km.start_kernel(); kc = km.client(); kc.start_channels(); kc.wait_for_ready(60); kc.execute('%%\\nfor {}')\n"
                "time.sleep(5); print(km.provisioner.pid, flush=True); time.sleep(600)")
        client = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        below = group(int(client.stdout.readline()))
        self.assertGreaterEqual(len(below), 3)
        client.kill()
        client.wait()
        self.until(lambda: not any(map(alive, below)), 5)

    def test_killed_lab(self):
        lab = subprocess.Popen(["sleep", "600"])
        os.environ["DESCENT_LAB"] = str(lab.pid)
        self.addCleanup(os.environ.pop, "DESCENT_LAB")
        self.km, self.kc = self.start()
        below, _ = self.running()
        lab.kill()
        lab.wait()
        self.until(lambda: not any(map(alive, below)), 5)

    def test_what_left_its_group(self):
        for end in (lambda: os.kill(self.pid(), signal.SIGKILL), self.km.shutdown_kernel):
            r = self.run_cell("!setsid nohup sleep 600 >/dev/null 2>&1 &\n%%\ncmd := exec.Command(\"sleep\", \"600\")\n"
                              "cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}\ncmd.Start()\nfmt.Print(cmd.Process.Pid)")
            left = int(r.text())
            self.assertTrue(alive(left))
            begun = subprocess.run(["pgrep", "-x", "sleep"], capture_output=True, text=True).stdout.split()
            mine = [int(p) for p in begun if os.environ["TMPDIR"] in subprocess.run(["ps", "eww", "-p", p], capture_output=True, text=True).stdout]
            self.assertGreaterEqual(len(mine), 2)
            end()
            self.until(lambda: not any(map(alive, mine)), 5)
            if self.km.has_kernel:
                self.km.restart_kernel(now=True)
                self.kc.wait_for_ready(timeout=60)

    def test_shutdown(self):
        below, _ = self.running()
        self.km.shutdown_kernel()
        self.until(lambda: not any(map(alive, below)), 5)
        self.until(lambda: not self.folders(), 5)


class Completion(Kernel):
    def complete(self, code):
        before, after = code.split("|")
        id = self.kc.complete(before + after, len(before))
        return self.collect(id).reply["content"]

    def test_packages_variables_and_what_ran_before(self):
        self.assertIn("Float", self.complete("%%\nlab.|")["matches"])
        c = self.complete("%%\nx := lab.Fl|")
        self.assertIn("Float", c["matches"])
        self.assertEqual((c["cursor_start"], c["cursor_end"]), (12, 14))
        self.assertIn("Println", self.complete("%%\nλ := fmt.Pr|")["matches"])
        self.assertIn("Loss", self.complete("%%\nvar h train.History\nh.|\n")["matches"])
        self.run_cell('type bowl struct{ Depth float64 }\nfunc newBowl() bowl { return bowl{3} }\n%%\nfmt.Print(1)')
        self.assertIn("newBowl", self.complete("%%\nnewB|")["matches"])
        self.assertIn("Depth", self.complete("%%\nb := newBowl()\nb.|")["matches"])
        self.assertIn("Deeper", self.complete("type bowl struct{ Deeper float64 }\n%%\nvar b bowl\nb.|")["matches"])
        self.assertEqual(self.complete("%%bash\nec|")["matches"], [])
        methods = self.complete('%%\nf := figure.New("x")\nf.|')["matches"]
        self.assertIn("Copy", methods)
        self.assertEqual([m for m in methods if "." in m], [])  # no chains such as Copy().Add

    def test_documentation(self):
        for code, says in {"%%\nlab.S|ay(1)": "func lab.Say", "%%\nlab.Say(|1)": "func lab.Say", "%%\ngraph.A|dd(nil, nil)": "func graph.Add"}.items():
            before, after = code.split("|")
            r = self.collect(self.kc.inspect(before + after, len(before)))
            self.assertTrue(r.reply["content"]["found"])
            self.assertIn(says, r.reply["content"]["data"]["text/markdown"])

    def test_beside_a_running_cell(self):
        id = self.kc.execute("%%\nfor {}")
        self.assertIn("Float", self.complete("%%\nlab.|")["matches"])
        self.km.interrupt_kernel()
        self.collect(id)


if __name__ == "__main__":
    unittest.main(verbosity=2)
