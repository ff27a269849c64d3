package main

import (
	"os"
	"path/filepath"
	"testing"

	"descent.example/internal/grade/job"
	"github.com/stretchr/testify/require"
)

// What the compiler says of a line is about the code, whatever the words; a full disk is about the machine.
func TestTheMachineAndTheCodeAreToldApart(t *testing.T) {
	for script, machine := range map[string]bool{
		"echo 'write a.o: no space left on device'; exit 1":              true,
		"echo 'descend:3:1: undefined: no space left on device'; exit 1": false,
		"echo 'fork/exec: resource temporarily unavailable'; exit 1":     true,
		"exit 2":     true,
		"kill -9 $$": true,
		"echo 'main.main: relocation target not defined'; exit 1": false,
		"echo 'fatal error: runtime: out of memory'; exit 2":      false,
	} {
		folder := t.TempDir()
		tool := filepath.Join(folder, "tool")
		require.NoError(t, os.WriteFile(tool, []byte("#!/bin/sh\n"+script+"\n"), 0o755))
		b := builder{Job: job.Job{Seconds: 8}, folder: folder, roomy: true}
		require.NotEmpty(t, b.tool(tool), script)
		require.Equal(t, machine, b.result.Machine != "", "%s: %s", script, b.result.Machine)
	}
}
