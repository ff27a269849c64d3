package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"descent.example/internal/says"
	"github.com/stretchr/testify/require"
)

// TestMain is a worker's program where a test starts it as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "worker" {
		fmt.Println(`{"version": "Worker 1"}`)
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			var request struct {
				Do      string
				Steps   int
				Repeats int
				Task    Task
			}
			if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
				panic(err)
			}
			switch {
			case request.Do == "load" && request.Task.Rate == 0.5:
				fmt.Println(`{}`)
			case request.Do == "load":
				fmt.Println(`{"error": "the rate is wrong"}`)
			case request.Steps == 1:
				fmt.Println(`{"seconds": [0.25, 0.5]}`)
			case request.Steps == 2:
				fmt.Println(`what?`)
			case request.Steps == 3:
				time.Sleep(time.Hour)
			default:
				fmt.Fprintln(os.Stderr, "a trace\nthe reason")
				os.Exit(1)
			}
		}
		return
	}
	os.Exit(m.Run())
}

func TestWorker(t *testing.T) {
	start := func() *Worker {
		w, err := StartWorker(t.Context(), os.Args[0], "worker")
		require.NoError(t, err)
		t.Cleanup(w.Close)
		return w
	}
	w := start()
	require.Equal(t, "Worker 1", w.Version)
	require.NoError(t, w.Load(t.Context(), Task{Rate: 0.5}))
	says.All(t, w.Load(t.Context(), Task{Rate: 0.6}), "the rate is wrong")
	reply, err := w.Run(t.Context(), Request{Steps: 1, Repeats: 2})
	require.NoError(t, err)
	require.Equal(t, []float64{0.25, 0.5}, reply.Seconds)
	_, err = w.Run(t.Context(), Request{Steps: 1, Repeats: 3})
	says.All(t, err, "2 runs … 3")
	_, err = w.Run(t.Context(), Request{Steps: 2, Repeats: 1})
	require.ErrorContains(t, err, "its reply is not understood")
	_, err = w.Run(t.Context(), Request{Steps: 4, Repeats: 1})
	says.All(t, err, "ended … the reason")
	_, err = w.Run(t.Context(), Request{Steps: 1, Repeats: 1})
	require.ErrorContains(t, err, "it ended unexpectedly")

	ctx, cancel := context.WithCancel(t.Context())
	w, err = StartWorker(ctx, os.Args[0], "worker")
	require.NoError(t, err)
	defer w.Close()
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err = w.Run(ctx, Request{Steps: 3, Repeats: 1})
	require.ErrorIs(t, err, context.Canceled)

	_, err = StartWorker(t.Context(), "/no/such/program")
	require.ErrorContains(t, err, "no such file")
	_, err = StartWorker(t.Context(), "false")
	require.ErrorContains(t, err, "it ended unexpectedly")
}
