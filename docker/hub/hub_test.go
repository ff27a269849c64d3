// Package hub has the cheap checks of the class server; docker/hub/check runs one.
package hub

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// python is the lab's Python, which has what reads configurations and values.
func python(t *testing.T) string {
	t.Helper()
	path := os.Getenv("LAB_PYTHON")
	if path == "" {
		t.Skip("LAB_PYTHON names no Python with traitlets and yaml")
	}
	return path
}

// load is the configuration that JupyterHub would take from jupyterhub_config.py, with the files in the folder of the class, and what
// the hub would say.
func load(t *testing.T, class map[string]string, env ...string) (config map[string]map[string]any, said string, err error) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range class {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	cmd := exec.Command(python(t), "-I", "-B", "-c", `import json, sys
from traitlets.config.loader import PyFileConfigLoader
json.dump(PyFileConfigLoader("jupyterhub_config.py").load_config(), sys.stdout, default=sorted)`)
	cmd.Env = append(append(os.Environ(), "DESCENT_CLASS="+folder), env...)
	var out, warnings bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &warnings
	if err := cmd.Run(); err != nil {
		return nil, warnings.String() + err.Error(), err
	}
	return config, warnings.String(), json.Unmarshal(out.Bytes(), &config)
}

func example(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("examples", name))
	require.NoError(t, err)
	return string(text)
}

func TestNobodyEntersUnlessTheTeacherSaysHow(t *testing.T) {
	for name, class := range map[string]string{
		"nothing": "", "dummy": `get_config().JupyterHub.authenticator_class = "dummy"`, "null": `get_config().JupyterHub.authenticator_class = "null"`,
	} {
		t.Run(name, func(t *testing.T) {
			_, said, err := load(t, map[string]string{"class.py": class})
			require.Error(t, err)
			require.Contains(t, said, "chooses no authenticator")
		})
	}
	_, _, err := load(t, nil)
	require.Error(t, err, "without class.py")
}

func TestExamples(t *testing.T) {
	examples, err := filepath.Glob("examples/*.py")
	require.NoError(t, err)
	require.Len(t, examples, 3)
	for _, path := range examples {
		t.Run(filepath.Base(path), func(t *testing.T) {
			config, said, err := load(t, map[string]string{
				"class.py": example(t, filepath.Base(path)), "oauth_secret": "hush\n",
				"students.txt": "Ada\n\n bob # sits in the back\n# nobody\n", "teachers.txt": "grace\n",
			})
			require.NoError(t, err, said)
			require.Equal(t, []any{"ada", "bob"}, config["Authenticator"]["allowed_users"])
			require.Equal(t, []any{"grace"}, config["Authenticator"]["admin_users"])
			require.NotContains(t, config["Authenticator"], "allow_all")
			if native := config["NativeAuthenticator"]; native != nil {
				require.Equal(t, false, native["enable_signup"])
			}
			if oauth := config["GenericOAuthenticator"]; oauth != nil {
				require.Equal(t, "hush", oauth["client_secret"])
			}
		})
	}
}

func TestContainersAreConfined(t *testing.T) {
	class := map[string]string{"class.py": example(t, "native.py")}
	config, said, err := load(t, class)
	require.NoError(t, err, said)
	spawner := config["DockerSpawner"]
	require.Equal(t, "1G", spawner["mem_limit"])
	require.EqualValues(t, 2, spawner["cpu_limit"])
	require.Equal(t, map[string]any{"descent-{username}": "/work"}, spawner["volumes"])
	host := spawner["extra_host_config"].(map[string]any)
	require.Equal(t, true, host["read_only"])
	require.Equal(t, []any{"ALL"}, host["cap_drop"])
	require.Equal(t, []any{"no-new-privileges"}, host["security_opt"])
	require.NotContains(t, host, "device_requests")
	require.Contains(t, host["log_config"].(map[string]any)["config"], "max-size")
	require.Equal(t, "off", config["Spawner"]["environment"].(map[string]any)["DESCENT_COMPLETION"])
	require.NotContains(t, config["JupyterHub"], "ssl_key")

	class["tls/key.pem"], class["tls/cert.pem"] = certificate(t)
	config, said, err = load(t, class, "DESCENT_ASSIGNMENTS=/srv/assignments", "DESCENT_MEMORY=3G", "DESCENT_COMPLETION=300MiB", "DESCENT_SERVERS=40")
	require.NoError(t, err, said)
	require.Equal(t, map[string]any{"/srv/assignments": "/work/assignments"}, config["DockerSpawner"]["read_only_volumes"])
	require.Equal(t, "3G", config["DockerSpawner"]["mem_limit"])
	require.Equal(t, "300MiB", config["Spawner"]["environment"].(map[string]any)["DESCENT_COMPLETION"])
	require.EqualValues(t, 40, config["JupyterHub"]["active_server_limit"])
	require.Contains(t, config["JupyterHub"], "ssl_key")
	require.Equal(t, "https://:8000", config["JupyterHub"]["bind_url"])
}

func TestGPUsAreOffWhereTheVariableSaysSo(t *testing.T) {
	for _, off := range []string{"off", "0", ""} {
		config, said, err := load(t, map[string]string{"class.py": example(t, "native.py")}, "DESCENT_GPU="+off)
		require.NoError(t, err, said)
		require.NotContains(t, config["DockerSpawner"]["extra_host_config"], "device_requests")
	}
}

// certificate is a key and a certificate for it, as PEM.
func certificate(t *testing.T) (key, cert string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	made, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	coded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: coded})), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made}))
}

// Passwords must not cross a network in the clear, whatever is wrong with the certificate.
func TestOthersReachTheHubByTLSAlone(t *testing.T) {
	key, cert := certificate(t)
	_, another := certificate(t)
	native := example(t, "native.py")
	with := map[string]string{"class.py": native, "tls/key.pem": key, "tls/cert.pem": cert}
	without := map[string]string{"class.py": native}
	for _, address := range []string{"127.0.0.1:8000", "127.1.2.3:80", "[::1]:8000", "localhost:8000", ""} {
		_, said, err := load(t, without, "DESCENT_ADDRESS="+address)
		require.NoError(t, err, said)
	}
	for _, address := range []string{"0.0.0.0:80", "[::]:80", "80", "192.0.2.1:80", "class.example.edu:80"} {
		_, _, err := load(t, without, "DESCENT_ADDRESS="+address)
		require.Error(t, err, address)
		_, said, err := load(t, without, "DESCENT_ADDRESS="+address, "DESCENT_TLS=proxy")
		require.NoError(t, err, said)
		config, said, err := load(t, with, "DESCENT_ADDRESS="+address)
		require.NoError(t, err, said)
		require.Contains(t, config["JupyterHub"], "ssl_key")
	}
	for what, files := range map[string][2]string{"no key": {"", cert}, "no certificate": {key, ""}, "another's certificate": {key, another}} {
		_, _, err := load(t, map[string]string{"class.py": native, "tls/key.pem": files[0], "tls/cert.pem": files[1]})
		require.Error(t, err, what)
	}
	for _, link := range []string{"tls", "tls/key.pem"} { // as certbot has them, to where the hub's container sees nothing
		class := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(class, "class.py"), []byte(native), 0o600))
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(class, link)), 0o755))
		require.NoError(t, os.Symlink("/nowhere/live", filepath.Join(class, link)))
		_, _, err := load(t, nil, "DESCENT_CLASS="+class)
		require.Error(t, err, link)
	}
}

// JupyterHub ends the process that the file names, which after a start of the machine or in a new container is another one.
func TestTheProxysPidDoesNotOutliveTheMachine(t *testing.T) {
	class := map[string]string{"class.py": example(t, "native.py")}
	var files []any
	for _, state := range []string{"/srv/descent/state", "/srv/another/state"} {
		config, said, err := load(t, class, "DESCENT_STATE="+state)
		require.NoError(t, err, said)
		files = append(files, config["ConfigurableHTTPProxy"]["pid_file"])
		require.Equal(t, "/run", filepath.Dir(files[len(files)-1].(string)))
	}
	require.NotEqual(t, files[0], files[1], "two hubs of one machine")
	text, err := os.ReadFile("compose.yaml")
	require.NoError(t, err)
	require.Regexp(t, `(?m)^    tmpfs:\n(      - .*\n)*      - /run\b`, string(text))
}

// One line that cannot be a name takes nobody else's login.
func TestLinesThatAreNoNamesAreSkipped(t *testing.T) {
	long := strings.Repeat("n", 64)
	config, said, err := load(t, map[string]string{
		"class.py":     example(t, "native.py"),
		"students.txt": "\ufeffada\r\nmüller\nm\xfcller\n" + long + "\n" + long + "n\nbob, the builder\n../eve\nm.hernandez@example.edu # m\xfc\n",
		"teachers.txt": "grace\n",
	})
	require.NoError(t, err, said)
	require.Equal(t, []any{"ada", "m.hernandez@example.edu", long}, config["Authenticator"]["allowed_users"])
	require.Regexp(t, config["Authenticator"]["username_pattern"], long)
	for _, line := range []string{"2", "3", "5", "6", "7"} {
		require.Contains(t, said, "students.txt, line "+line)
	}
	require.Equal(t, 5, strings.Count(said, "\n"))
}

// A student's address is JupyterHub's, which leaves an @ as it is.
func TestTheAddressOfAStudent(t *testing.T) {
	out, err := exec.Command(python(t), "-B", "-c", `from students import Student; print(Student("", "m.h@example.edu").base)`).Output()
	require.NoError(t, err)
	require.Equal(t, "/user/m.h@example.edu/\n", string(out))
}

// alone runs a script of this folder with stand-ins for programs, which come first on the path.
func alone(t *testing.T, programs map[string]string, script string, arguments ...string) (string, error) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range programs {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755))
	}
	cmd := exec.Command("./"+script, arguments...)
	cmd.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"), "IMAGE=")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestChecksThatAreSkipped(t *testing.T) {
	for _, script := range []string{"check", "check_compose"} {
		nobody := map[string]string{"id": "echo 1000"}
		out, err := alone(t, nobody, script)
		require.NoError(t, err, out)
		t.Run(script, func(t *testing.T) {
			t.Setenv("REQUIRED", "1")
			out, err := alone(t, nobody, script)
			require.Error(t, err, out)
			require.Contains(t, out, "not checked")
		})
	}
	// The students of the check get the uids that a class at work here has. If it goes on, it ends where it makes a folder.
	machine := map[string]string{"uname": "echo Linux", "id": "echo 0", "unshare": "true", "npm": "true", "mktemp": "exit 9"}
	for uid, at := range map[string]bool{"70000": true, "99999": true, "69999": false, "100000": false} {
		machine["ps"] = "echo 0; echo ' " + uid + "'; echo 33"
		out, err := alone(t, machine, "check", "/dev/null/none")
		require.Equal(t, at, err == nil, "uid %s: %s", uid, out)
	}
}

// What docker run writes for a volume, docker compose run for the hub: an archive, or nothing and a failure for the volume of bob.
const copies = `case "$*" in
  *"volume ls"*) printf 'descent-ada\ndescent-bob\ndescent-class_state\ndescent-eve\n' ;;
  *"-v descent-bob:"*) %s ;;
  *" run "* | "run "*) tar -cz --files-from /dev/null ;;
esac`

func TestABackupIsWholeOrNone(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the machine of a class server runs Linux")
	}
	to := t.TempDir()
	for bob, whole := range map[string]bool{"tar -cz --files-from /dev/null": true, "exit 2": false, "tar -cz --files-from /dev/null | head -c 20": false} {
		folder := filepath.Join(to, strconv.Itoa(len(bob)))
		out, err := alone(t, map[string]string{"docker": fmt.Sprintf(copies, bob)}, "backup", folder)
		require.Equal(t, whole, err == nil, out)
		entries, err := os.ReadDir(folder)
		require.NoError(t, err)
		require.Len(t, entries, 1)
		require.Equal(t, !whole, strings.HasSuffix(entries[0].Name(), ".part"))
		names := []string{"class", "state", "descent-ada", "descent-eve"} // one volume costs the others nothing
		if whole {
			names = append(names, "descent-bob")
		}
		require.Equal(t, !whole, strings.Contains(out, "descent-bob"), out)
		for _, name := range names {
			about, err := os.Stat(filepath.Join(folder, entries[0].Name(), name+".tar.gz"))
			require.NoError(t, err)
			require.EqualValues(t, 0o600, about.Mode())
		}
	}
}

// A student's server has JupyterHub beside the lab in one Python.
func TestLocksAgree(t *testing.T) {
	pinned := func(path string) map[string]string {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		versions := map[string]string{}
		for _, row := range regexp.MustCompile(`(?m)^([\w.-]+)==(\S+)`).FindAllStringSubmatch(string(text), -1) {
			versions[row[1]] = row[2]
		}
		return versions
	}
	lab, common := pinned("../../cmd/lab/internal/setup/python/requirements.lock"), 0
	for name, version := range pinned("requirements.lock") {
		if of, both := lab[name]; both {
			common++
			require.Equal(t, of, version, "%s is in both locks; requirements.lock says how it is made", name)
		}
	}
	require.Greater(t, common, 20)
}

// The workflow of the image holds the values against the chart's own schema.
func TestKubernetes(t *testing.T) {
	var values struct {
		Hub struct {
			Config map[string]map[string]any
		}
		Singleuser struct {
			UID     int
			Memory  struct{ Limit string }
			CPU     struct{ Limit float64 }
			Storage struct {
				HomeMountPath     string                    `json:"homeMountPath"`
				ExtraVolumeMounts map[string]map[string]any `json:"extraVolumeMounts"`
			}
			AllowPrivilegeEscalation *bool `json:"allowPrivilegeEscalation"`
			ProfileList              []struct {
				Override map[string]any `json:"kubespawner_override"`
			} `json:"profileList"`
		}
		Cull struct{ Enabled bool }
	}
	out, err := exec.Command(python(t), "-I", "-c", `import json, sys, yaml; json.dump(yaml.safe_load(open("z2jh.yaml")), sys.stdout)`).Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, &values))
	student := values.Singleuser
	require.NotContains(t, []any{nil, "dummy", "null"}, values.Hub.Config["JupyterHub"]["authenticator_class"])
	require.Equal(t, false, values.Hub.Config["Authenticator"]["allow_all"])
	require.Equal(t, 1000, student.UID)
	require.Equal(t, "1G", student.Memory.Limit)
	require.Positive(t, student.CPU.Limit)
	require.Equal(t, "/work", student.Storage.HomeMountPath)
	require.Equal(t, true, student.Storage.ExtraVolumeMounts["assignments"]["readOnly"])
	require.NotNil(t, student.AllowPrivilegeEscalation)
	require.False(t, *student.AllowPrivilegeEscalation)
	require.Len(t, student.ProfileList, 2)
	require.Contains(t, student.ProfileList[1].Override["extra_resource_limits"], "nvidia.com/gpu")
	require.True(t, values.Cull.Enabled)

	// The hub's part in it, with a stand-in for the chart's module, where class.yaml names a registry.
	out, err = exec.Command(python(t), "-I", "-c", `import functools, json, sys, types, yaml
values = yaml.safe_load(open("z2jh.yaml"))
values["singleuser"]["image"]["name"] = "registry.example.edu/descent"
values["singleuser"]["profileList"].append({"display_name": "Another, of class.yaml"})
sys.modules["z2jh"] = types.SimpleNamespace(get_config=lambda key: functools.reduce(lambda of, name: of[name], key.split("."), values))
c = types.SimpleNamespace(KubeSpawner=types.SimpleNamespace(profile_list=values["singleuser"]["profileList"]))
exec(values["hub"]["extraConfig"]["gpu"], {"c": c})
json.dump([p["kubespawner_override"].get("image") if "kubespawner_override" in p else None for p in c.KubeSpawner.profile_list], sys.stdout)`).Output()
	require.NoError(t, err)
	require.JSONEq(t, `[null, "registry.example.edu/descent:student-gpu", null]`, string(out))
}
