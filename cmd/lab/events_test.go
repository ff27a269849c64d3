package main

import (
	"bufio"
	"strings"
	"testing"

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
