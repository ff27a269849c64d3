package lab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"descent.example/internal/brief"
	"descent.example/internal/nearest"
)

const (
	// SetEnv is the environment variable through which `lab run --set` overrides
	// parameters: it names a file that holds, for the cell that runs, a JSON object
	// such as {"lr":"0.5"}. An override wins over the cell's own %% line.
	SetEnv = "DESCENT_SET"

	// ParamsLogEnv is the environment variable that, when set, names a file to which
	// every cell appends what it declares; ReadParams reads it.
	ParamsLogEnv = "DESCENT_PARAMS_LOG"
)

// ReadParams returns the parameters that cells have declared, in the order in which
// they ran, from the file that ParamsLogEnv named. A file that does not exist means
// that no cell declared any. It is an error when the file cannot be read, or when a
// line of it is not a parameter.
func ReadParams(path string) ([]Param, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("cannot read the log of the cells' parameters: %w", err)
	}
	var list []Param
	for i, line := range bytes.Split(bytes.TrimSpace(data), []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var p Param
		if err := json.Unmarshal(line, &p); err != nil || p.Name == "" {
			return nil, fmt.Errorf("line %d of the log of the cells' parameters, %s, is not a parameter; was something else written to it?", i+1, path)
		}
		list = append(list, p)
	}
	return list, nil
}

// CheckSet returns an error if an override names a parameter that no cell has
// declared. Its sentence names those that there are.
func CheckSet(set map[string]string, declared []Param) error {
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if slices.ContainsFunc(declared, func(p Param) bool { return p.Name == name }) {
			continue
		}
		// A parameter that several cells share is listed once.
		var known []Param
		for _, p := range declared {
			if !slices.ContainsFunc(known, func(q Param) bool { return q.String() == p.String() }) {
				known = append(known, p)
			}
		}
		return fmt.Errorf("--set %s: no cell of the notebook has this parameter; it %s.%s", brief.Of(name), has(known), nearest.DidYouMean("", name, names(known)))
	}
	return nil
}

// appendParam adds a line to the log, if there is one; a line is one write, so that
// cells of several kernels do not mix.
func appendParam(path string, p Param) error {
	if path == "" {
		return nil
	}
	line, err := json.Marshal(p)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = f.Write(append(line, '\n'))
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("cannot log the parameter %s as %s asks: %w", p.Name, ParamsLogEnv, err)
	}
	return nil
}

func readSet(path string) (set map[string]string, err error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the overrides that %s names: %w", SetEnv, err)
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, fmt.Errorf(`%s, which %s names, is not a JSON object of texts such as {"lr":"0.5"}`, path, SetEnv)
	}
	return set, nil
}

// names are those of the parameters.
func names(params []Param) (list []string) {
	for _, p := range params {
		list = append(list, p.Name)
	}
	return list
}
