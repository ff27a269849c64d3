package train

import (
	"context"
	"sync"

	"github.com/gomlx/compute"
)

// SweepTogether is Sweep with atOnce runs in one program, on any backend.
func SweepTogether(ctx context.Context, jobs []Job, atOnce int) ([]*History, error) {
	return doAll(ctx, jobs, 1, nil, func(*Trainer) int { return atOnce })
}

// OneStepACall makes a run call the trainer's program for every step.
func OneStepACall(t *Trainer) {
	t.callTime = 0
	for _, p := range t.programs.Range {
		p.(*program).pace.Store(1)
	}
}

// RecordsACall makes a call of the trainer's programs return at most n records. The trainer has run before.
func RecordsACall(t *Trainer, n int) {
	for _, p := range t.programs.Range {
		p.(*program).records = n
	}
}

// Programs is how many programs of runs the trainer has compiled.
func Programs(t *Trainer) (n int) {
	for range t.programs.Range {
		n++
	}
	return n
}

var OnGPU = onGPU

// StandIn makes a backend the GPU, and returns what ends that.
func StandIn(backend compute.Backend) (end func()) {
	before := gpu
	gpu = func() (compute.Backend, string, error) { return backend, "stand-in", nil }
	return func() { gpu = before }
}

// ProgramsOfTwin is how many programs the trainer has compiled for the GPU.
func ProgramsOfTwin(t *Trainer) int {
	if t.compiled.twin == nil {
		return 0
	}
	return Programs(t.compiled.twin)
}

// SetSpeeds makes the trainer believe that a step takes here seconds on its own backend, and there seconds for all runs at once on the GPU.
func SetSpeeds(t *Trainer, gpu compute.Backend, c Config, runs int, here, there float64) {
	c.LearningRate = 1
	c, _ = t.settle(c)
	c, _ = t.tabulated(context.Background(), c)
	u := setupOf(c, 0)
	t.speeds = map[string]speed{u.key(): {step: here}}
	twin, err := t.twinOn(gpu)
	if err != nil {
		return
	}
	if runs > 1 {
		u.lanes = lanesFor(runs)
	}
	twin.speeds = map[string]speed{u.key(): {step: there}}
}

// WatchDevices returns a count of the devices on which programs that the trainer, or its twin on a GPU, has by now are run from now on.
func WatchDevices(t *Trainer) (count func() int) {
	if t.compiled.twin != nil {
		t = t.compiled.twin
	}
	var used sync.Map
	for _, p := range t.programs.Range {
		p, execute := p.(*program), p.(*program).execute
		p.execute = func(inputs []compute.Buffer, donate []bool, device compute.DeviceNum) ([]compute.Buffer, error) {
			used.Store(device, true)
			return execute(inputs, donate, device)
		}
	}
	return func() (n int) {
		for range used.Range {
			n++
		}
		return n
	}
}

// AllDevices has all devices of every backend compute at once, also those of a CPU, and returns what ends that.
func AllDevices() (end func()) {
	before := devices
	devices = compute.Backend.NumDevices
	return func() { devices = before }
}
