package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/internal/says"
	"descent.example/pkg/bench"
)

func TestBenchRefusesBeforeSettingUp(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder) // which is not the repository: to go on would be another error
	for args, want := range map[string]string{
		"--width 0":                   "--width … 0 … 1 … 100000",
		"--batch 300":                 "--batch … 300 … 1 … 256",
		"--points 20":                 "--batch … 32 … 1 … 20",
		"--optimizer sdg":             `--optimizer … "sdg" … sgd … momentum … adam`,
		"--lr 0":                      "--lr … 0 … finite",
		"--lr nan":                    "--lr … NaN … finite … 0",
		"--nets -1":                   "--nets … -1 … 1 … 1000",
		"--steps many":                "--steps … many",
		"--width 8 --sweep":           "--sweep … settings",
		"--sweep --plot x.svg":        "--plot … --sweep … --gpu",
		"--gpu --width 3":             "--gpu … settings",
		"--plot x.pdf":                `--plot … "x.pdf" … .svg … .png`,
		"--json " + folder:            "--json … " + folder + " … folder",
		"--json /proc/none/here.json": "--json … written",
		"all":                         `"all"`,
		"--width 8":                   "repository", // as nothing else is wrong
	} {
		cmd := rootCommand()
		cmd.SetArgs(append([]string{"bench"}, strings.Fields(args)...))
		says.All(t, cmd.ExecuteContext(t.Context()), want)
	}
}

func TestBenchCases(t *testing.T) {
	for _, c := range []struct {
		changed []string
		sweep   bool
		cases   []bench.Case
		sweeps  bool
	}{
		{nil, false, bench.Table(), true},
		{nil, true, nil, true},
		{[]string{"width"}, false, []bench.Case{{Width: 1024, Batch: 32, Points: 256, Steps: 5000, Optimizer: "adam", LR: bench.UsualRate("adam", 1024), Nets: 1}}, false},
		{[]string{"lr"}, false, []bench.Case{{Width: 1024, Batch: 32, Points: 256, Steps: 5000, Optimizer: "adam", LR: 0.05, Nets: 1}}, false},
		{[]string{"json"}, false, bench.Table(), true},
	} {
		one := bench.Reference()
		one.Width, one.Optimizer = 1024, "adam"
		opt := benchOptions{sweep: c.sweep}
		require.NoError(t, opt.choose(one, func(flag string) bool { return slices.Contains(c.changed, flag) }))
		require.Equal(t, c.cases, opt.cases)
		require.Equal(t, c.sweeps, opt.sweep)
	}
}
