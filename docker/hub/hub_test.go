// Package hub has the cheap checks of the class server; docker/hub/check runs one.
package hub

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

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

// load is the configuration that JupyterHub would take from jupyterhub_config.py, with the files in the folder of the class.
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
	out, err := cmd.Output()
	if exit, is := err.(*exec.ExitError); is {
		return nil, string(exit.Stderr), err
	}
	require.NoError(t, err)
	return config, "", json.Unmarshal(out, &config)
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
	require.Equal(t, "off", config["Spawner"]["environment"].(map[string]any)["DESCENT_COMPLETION"])
	require.NotContains(t, config["JupyterHub"], "ssl_key")

	class["tls/key.pem"], class["tls/cert.pem"] = "", ""
	config, said, err = load(t, class, "DESCENT_ASSIGNMENTS=/srv/assignments", "DESCENT_MEMORY=3G", "DESCENT_COMPLETION=300MiB", "DESCENT_SERVERS=40")
	require.NoError(t, err, said)
	require.Equal(t, map[string]any{"/srv/assignments": "/work/assignments"}, config["DockerSpawner"]["read_only_volumes"])
	require.Equal(t, "3G", config["DockerSpawner"]["mem_limit"])
	require.Equal(t, "300MiB", config["Spawner"]["environment"].(map[string]any)["DESCENT_COMPLETION"])
	require.EqualValues(t, 40, config["JupyterHub"]["active_server_limit"])
	require.Contains(t, config["JupyterHub"], "ssl_key")
	require.Equal(t, "https://:8000", config["JupyterHub"]["bind_url"])
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
sys.modules["z2jh"] = types.SimpleNamespace(get_config=lambda key: functools.reduce(lambda of, name: of[name], key.split("."), values))
c = types.SimpleNamespace(KubeSpawner=types.SimpleNamespace(profile_list=values["singleuser"]["profileList"]))
exec(values["hub"]["extraConfig"]["gpu"], {"c": c})
json.dump([p["kubespawner_override"].get("image") if "kubespawner_override" in p else None for p in c.KubeSpawner.profile_list], sys.stdout)`).Output()
	require.NoError(t, err)
	require.JSONEq(t, `[null, "registry.example.edu/descent:student-gpu"]`, string(out))
}
