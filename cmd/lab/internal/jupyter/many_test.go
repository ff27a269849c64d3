package jupyter

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"descent.example/cmd/lab/internal/setup"
	"descent.example/cmd/lab/internal/setuptest"
	"descent.example/internal/browser"
)

// selfSigned writes a certificate for this machine that nobody has signed, and its key.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	about := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	signed, err := x509.CreateCertificate(rand.Reader, about, about, &private.PublicKey, private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	folder := t.TempDir()
	certificate, key = filepath.Join(folder, "certificate.pem"), filepath.Join(folder, "key.pem")
	require.NoError(t, os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	return certificate, key
}

// configured serves JupyterLab as a person has configured it: by https, with a certificate that nobody has signed, under a base URL. Its
// page has JupyterLab as a variable, for the test.
func configured(t *testing.T, cells ...string) *Server {
	t.Helper()
	h := setuptest.Ready(t)
	require.NoError(t, os.Rename(setuptest.Notebook(t, cells...), filepath.Join(string(h.Work), "n.ipynb")))
	certificate, key := selfSigned(t)
	config, err := json.Marshal(map[string]any{
		"ServerApp": map[string]any{"certfile": certificate, "keyfile": key, "base_url": "/some/path/"},
		"LabApp":    map[string]any{"expose_app_in_browser": true},
	})
	require.NoError(t, err)
	require.NoError(t, setup.WriteFile(h.Work.State("jupyter", "config", "jupyter_server_config.json"), config))
	temp, remove, err := setup.TempDir()
	require.NoError(t, err)
	t.Cleanup(remove)
	s := start(t, h, 0, temp)
	t.Cleanup(s.Stop)
	require.True(t, strings.HasPrefix(s.URL, "https://127.0.0.1:") && strings.HasSuffix(s.URL, "/some/path/"), s.URL)
	return s
}

// views is what a hand finds in a notebook of many cells, of which JupyterLab shows some: the cells of its first view, or of another one.
const views = hand + `
window.view = 0;
window.panels = () => [...jupyterapp.shell.widgets("main")].filter((w) => w.content?.widgets && w.sessionContext);
window.cell = (k) => panels()[view]?.content.widgets[k]?.node;
window.reveal = async (k) => {
	jupyterapp.shell.activateById(panels()[view].id);
	await panels()[view].content.scrollToItem(k);
	await until(() => live(k), 20);
	return Boolean(live(k));
};
window.kernel = () => panels()[0]?.sessionContext.session?.kernel;
window.quiet = () => typeof jupyterapp !== "undefined" && kernel()?.status === "idle" && kernel().connectionStatus === "connected";
window.runAll = () => { jupyterapp.commands.execute("notebook:run-all-cells"); };
window.ran = () => panels()[0].content.widgets.filter((w) => w.model.executionCount).length;`

// memory is what processes hold, in KiB.
func memory(t *testing.T, pids []int) (total int) {
	t.Helper()
	for _, pid := range pids {
		out, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(pid)).Output()
		if err != nil {
			continue // it has ended
		}
		kib, err := strconv.Atoi(strings.TrimSpace(string(out)))
		require.NoError(t, err)
		total += kib
	}
	return total
}

// kernels are the processes of the server's kernels, which have its connection files.
func kernels(t *testing.T, s *Server) (pids []int) {
	t.Helper()
	out, err := exec.Command("ps", "-A", "-ww", "-o", "pid=,args=").Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, filepath.Join(filepath.Dir(s.info), "kernel-")) {
			pid, err := strconv.Atoi(strings.Fields(line)[0])
			require.NoError(t, err)
			pids = append(pids, pid)
		}
	}
	return pids
}

// A many is the page of a notebook of many cells.
type many struct {
	*testing.T
	s *Server
	p *browser.Tab
}

// await waits until something is so.
func (m many) await(within time.Duration, what string, is func() bool) {
	m.Helper()
	for until := time.Now().Add(within); !is(); time.Sleep(100 * time.Millisecond) {
		require.True(m, time.Now().Before(until), what)
	}
}

// begun waits until the kernel has nothing to do.
func (m many) begun() {
	m.Helper()
	m.await(5*time.Minute, "the kernel is idle", func() bool { return m.p.Eval(`window.quiet?.() ?? false`) == true })
}

// enter sets a parameter of a cell and waits for its answer.
func (m many) enter(k int, name, value, said string) {
	m.Helper()
	require.Equal(m, true, m.p.Eval(fmt.Sprintf(`reveal(%d)`, k)), "controls of cell %d", k)
	m.p.Eval(fmt.Sprintf("enter(%d, %q, %q)", k, name, value))
	m.p.Until(fmt.Sprintf("idle(%d) && said(%[1]d).startsWith(%q)", k, said))
}

// move sets the parameter of light cells.
func (m many) move(value string, cells ...int) {
	m.Helper()
	for _, k := range cells {
		m.enter(k, "x", value, fmt.Sprintf("cell %d: %s", k, value))
	}
}

// A notebook of many cells with controls, DESCENT_CELLS if there is such a number, by https under a base URL: few processes live, and
// whatever ends comes back.
func TestManyCells(t *testing.T) {
	const nets = 5
	all, err := strconv.Atoi(os.Getenv("DESCENT_CELLS")) // a hundred take minutes to link
	if err != nil {
		all = 12
	}
	var cells []string
	for k := range all {
		source := fmt.Sprintf("%%%%\nx := lab.Float(\"x\", 0.5, \"x\", lab.AtLeast(0), lab.AtMost(1))\nlab.Parse()\nlab.Say(\"cell %d: %%g\", x)", k)
		if k < nets { // each of which takes some hundred MB
			source = trained
		}
		cells = append(cells, source)
	}
	s := configured(t, cells...)
	p := browser.New(t).Open(s.URL+"lab/tree/n.ipynb?token="+s.Token, views)
	m := many{t, s, p}
	m.begun()
	p.Eval(`runAll()`)
	m.await(15*time.Minute, "all cells ran", func() bool { return p.Eval(`ran()`) == float64(all) })
	m.begun()
	some := []int{nets, nets + 1, all/2 + 1, 3 * all / 4, all - 1}
	m.move("0.25", some...)
	require.LessOrEqual(t, len(processes(t, s)), 4)
	for k := range nets {
		m.enter(k, "lr", "0.2", "lr 0.2")
		require.LessOrEqual(t, len(processes(t, s)), 4)
	}
	m.await(20*time.Second, "700 MB", func() bool { return memory(t, processes(t, s)) <= 700<<10 })
	m.move("0.75", some...) // of which none lives any longer

	m.twoViews(all/2 + 1)
	p.Eval(`jupyterapp.commands.execute("docmanager:save").then(() => {})`)
	p.Eval(`window.before = true, location.reload()`)
	p.Until(`window.before === undefined`)
	m.begun()
	m.move("0.375", some...)
	m.interruptAndKill(0)
	m.killTheKernel(all - 1)
}

// twoViews shows that a second view of the notebook has the same values and outputs.
func (m many) twoViews(k int) {
	m.Helper()
	m.p.Eval(`jupyterapp.commands.execute("docmanager:clone")`)
	m.p.Until(`panels().length === 2`)
	m.p.Eval(`view = 1`)
	m.move("0.125", k)
	m.p.Eval(`view = 0`)
	require.Equal(m, true, m.p.Eval(fmt.Sprintf(`reveal(%d)`, k)))
	m.p.Until(fmt.Sprintf(`said(%d) === "cell %[1]d: 0.125" && field(%[1]d, "x").value === "0.125"`, k))
	m.p.Eval(`panels()[1].close()`)
	m.p.Until(`panels().length === 1`)
	m.move("0.5", k)
}

// interruptAndKill ends runs of a cell that trains. What its process ended over is asked once more.
func (m many) interruptAndKill(k int) {
	m.Helper()
	long := func() {
		m.p.Eval(fmt.Sprintf(`enter(%d, "steps", "900000000")`, k))
		m.p.Until(fmt.Sprintf(`live(%d).querySelector(".descent-note").textContent.includes("training")`, k))
	}
	m.enter(k, "lr", "0.3", "lr 0.3")
	long()
	m.p.Eval(`kernel().interrupt()`)
	m.p.Until(fmt.Sprintf(`idle(%d)`, k))
	m.enter(k, "steps", "2000", "lr 0.3")

	long()
	m.await(time.Minute, "the cell says that it was killed", func() bool { // twice, since it is asked once more
		for _, pid := range processes(m.T, m.s) {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		return m.p.Eval(fmt.Sprintf(`idle(%d) && live(%[1]d).querySelector(".descent-error").textContent.includes("killed")`, k)) == true
	})
	m.enter(k, "steps", "3000", "lr 0.3")
}

// killTheKernel shows that nothing lives on without its kernel, and that a cell which runs again is live again.
func (m many) killTheKernel(k int) {
	m.Helper()
	before := kernels(m.T, m.s)
	for _, pid := range before {
		require.NoError(m, syscall.Kill(pid, syscall.SIGKILL))
	}
	m.p.Until(`cell(0) && !document.querySelector(".descent-live, .descent-mod-live")`)
	m.await(20*time.Second, "no process", func() bool { return len(processes(m.T, m.s)) == 0 })
	again := func(pid int) bool { return !slices.Contains(before, pid) }
	m.await(time.Minute, "another kernel", func() bool { return slices.ContainsFunc(kernels(m.T, m.s), again) })
	m.p.Eval(fmt.Sprintf(`panels()[0].content.activeCellIndex = %d, void jupyterapp.commands.execute("notebook:run-cell")`, k))
	m.p.Until(fmt.Sprintf(`Boolean(live(%d))`, k))
	m.move("0.25", k)
}
