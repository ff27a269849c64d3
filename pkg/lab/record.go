package lab

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"

	"descent.example/internal/live"
)

func isTestFlag(arg string) bool { return strings.HasPrefix(arg, "-test.") }

// record writes how this process was started and what the cell has declared, from which the kernel can start a live process.
func record(path string) error {
	if path == "" || living != nil || len(cell.declared) == 0 || slices.ContainsFunc(os.Args, isTestFlag) { // a cell of tests has no main of its own
		return nil
	}
	params, err := json.Marshal(cell.declared)
	if err != nil {
		return err
	}
	r := live.Record{Args: os.Args, Params: params}
	var errs [2]error
	r.Program, errs[0] = os.Executable()
	r.Dir, errs[1] = os.Getwd()
	for _, kv := range os.Environ() {
		own := strings.HasPrefix(kv, live.RecordEnv+"=") || strings.HasPrefix(kv, ParamsLogEnv+"=") // of the cell's first run alone
		if !own && !strings.HasPrefix(kv, "GONB") {
			r.Env = append(r.Env, kv)
		}
	}
	data, err := json.Marshal(r)
	if err := errors.Join(errs[0], errs[1], err); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}
