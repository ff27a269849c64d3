package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is mistyped is named in words of its own, with what is nearest to it.
func TestMistypedCommands(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("notebooks", 0o755))
	require.NoError(t, os.WriteFile(filepath.Join("notebooks", "01-one.ipynb"), nil, 0o644))
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"rnu"}, "Did you mean run?"}, {[]string{"help", "rnu"}, "Did you mean run?"}, {[]string{"help", "run", "nosuch"}, `"nosuch"`},
		{[]string{"run", "--htm", "x.ipynb"}, "Did you mean --html?"}, {[]string{"--ofline"}, "Did you mean --offline?"},
		{[]string{"--port", "abc"}, "--port=abc is not a whole number"}, {[]string{"run", "--timeout", "5"}, "--timeout=5 is not a length of time"},
		{[]string{"--port", "0"}, "--port=0 is not a port"}, {[]string{"--port", "70000"}, "--port=70000 is not a port"}, {[]string{"run", ""}, `""`},
		{[]string{"run", "01-one.ipynb"}, "Did you mean notebooks/01-one.ipynb?"}, {[]string{"run", "notebooks/01-on.ipynb"}, "Did you mean notebooks/01-one.ipynb?"},
	} {
		cmd := rootCommand()
		cmd.SetArgs(c.args)
		cmd.SetOut(io.Discard)
		require.ErrorContains(t, cmd.ExecuteContext(t.Context()), c.says)
	}
}
