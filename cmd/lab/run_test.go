package main

import (
	"testing"
	"time"

	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

func TestSummaryNamesTheEngineThatACellNames(t *testing.T) {
	says := notebook.Cell{Type: "code", Outputs: []notebook.Output{{Text: "XLA computes on 2 cores.\n"}}}
	require.Equal(t, "1 cell in 2.0 s", summary(notebook.New(says), 2*time.Second))
	says.Metadata.Tags = []string{notebook.TagMachine}
	require.Equal(t, "1 cell in 2.0 s; XLA computes on 2 cores.", summary(notebook.New(says), 2*time.Second))
}
