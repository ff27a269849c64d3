package wasm_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/wasm"
)

func TestScratch(t *testing.T) {
	i, err := strconv.Atoi(os.Getenv("PROGRAM"))
	if err != nil {
		t.Skip()
	}
	c := trainings()[i]
	tr, config := c.trainer(t, wasm.New())
	config.Steps = 100
	began := time.Now()
	_, err = tr.Run(context.Background(), config)
	require.NoError(t, err)
	fmt.Println("first run", time.Since(began))
	if os.Getenv("STEPS") != "" {
		config.Steps, _ = strconv.Atoi(os.Getenv("STEPS"))
		cpu0 := cpu(t)
		_, err = tr.Run(context.Background(), config)
		require.NoError(t, err)
		fmt.Printf("%s: %.3f µs a step\n", c.name, float64(cpu(t)-cpu0)/float64(config.Steps)/1e3)
	}
}
