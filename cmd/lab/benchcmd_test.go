package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/bench"
)

func TestBenchRefusesBeforeSettingUp(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder) // which is not the repository: to go on would be another error
	for args, want := range map[string]string{
		"--width 0":                   "--width is 0: it must be between 1 and 100000",
		"--batch 300":                 "--batch is 300: it must be between 1 and the 256 points",
		"--points 20":                 "--batch is 32: it must be between 1 and the 20 points",
		"--optimizer sdg":             `--optimizer is "sdg": it must be one of sgd, momentum, adam`,
		"--lr 0":                      "--lr is 0: it must be a finite number greater than 0",
		"--lr nan":                    "--lr is NaN: it must be a finite number greater than 0",
		"--nets -1":                   "--nets is -1: it must be between 1 and 1000",
		"--steps many":                `invalid argument "many" for "--steps" flag`,
		"--width 8 --sweep":           "--sweep has its own settings: leave it out, or the flags that describe a case",
		"--sweep --plot x.svg":        "--plot draws the lab's ratios to JAX and PyTorch, and --sweep and --gpu have none: leave one of them out",
		"--gpu --width 3":             "--gpu has its own settings: leave it out, or the other flags",
		"--plot x.pdf":                `--plot is "x.pdf": give a file that ends in .svg or .png; both are written`,
		"--json " + folder:            "--json cannot be written there (" + folder + " is a folder): choose another file",
		"--json /proc/none/here.json": "--json cannot be written there",
		"all":                         `"all" is not understood`,
		"--width 8":                   "this is not the Descent repository", // as nothing else is wrong
	} {
		cmd := rootCommand()
		cmd.SetArgs(append([]string{"bench"}, strings.Fields(args)...))
		require.ErrorContains(t, cmd.ExecuteContext(t.Context()), want, args)
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
