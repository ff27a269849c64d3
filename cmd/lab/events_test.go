package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/headless"
	"descent.example/cmd/lab/internal/setuptest"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

func TestReadTestEvents(t *testing.T) {
	var got tally
	readTestEvents(bufio.NewReader(strings.NewReader(`
{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"wanted 1, got 2\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p"}
{"Action":"skip","Package":"p","Test":"TestC"}
{"ImportPath":"q","Action":"build-output","Output":"undefined: x\n"}
{"ImportPath":"q","Action":"build-fail"}
{"Action":"output","Package":"r","Output":"panic: at start\n"}
{"Action":"fail","Package":"r"}
{"Action":"pass","Package":"s"}
`)), &got)
	require.Equal(t, 1, got.passed)
	require.Equal(t, 1, got.skipped)
	require.Equal(t, 3, got.failed)
	all := strings.Join(got.failures, "\n")
	for _, want := range []string{"p.TestB", "wanted 1, got 2", "undefined: x", "panic: at start"} {
		require.Contains(t, all, want)
	}
	require.NotContains(t, all, "noise")
}

// What every cell shows is compared with what is stored.
func TestNotebookIsCompared(t *testing.T) {
	for stored, want := range map[string]tally{"3\n": {passed: 1}, "4\n": {failed: 1}} {
		t.Run(stored, func(t *testing.T) {
			t.Parallel()
			data, err := notebook.New(notebook.Cell{Type: "code", Source: "%%\nfmt.Println(1 + 2)",
				Outputs: []notebook.Output{{Type: "stream", Text: notebook.Text(stored)}}}).Bytes()
			require.NoError(t, err)
			path := filepath.Join(t.TempDir(), "n.ipynb")
			require.NoError(t, os.WriteFile(path, data, 0o644))
			var got tally
			opt := headless.Options{Output: t.TempDir(), Timeout: time.Minute}
			require.NoError(t, testNotebook(setuptest.Ready(t), path, opt, 1)(t.Context(), &got))
			got.failures = nil
			require.Equal(t, want, got)
		})
	}
}

func TestPackagesThatCompute(t *testing.T) {
	packages, err := computing(t.Context(), setuptest.Ready(t))
	require.NoError(t, err)
	require.Subset(t, packages, []string{"descent.example/pkg/lecture", "descent.example/pkg/train"})
	require.NotContains(t, packages, "descent.example/pkg/figure")
}

// Whichever check ends first, what they count is added up, and what failed stands in their order.
func TestChecksTogether(t *testing.T) {
	second := make(chan bool)
	var got tally
	err := together(func(_ context.Context, t *tally) error {
		<-second
		t.fail("first", "a")
		return nil
	}, func(_ context.Context, t *tally) error {
		defer close(second)
		t.passed++
		t.fail("second", "b")
		return errors.New("the second cannot be made")
	})(t.Context(), &got)
	require.ErrorContains(t, err, "the second")
	require.Equal(t, tally{passed: 1, failed: 2, failures: []string{"first\n    a", "second\n    b"}}, got)
}
