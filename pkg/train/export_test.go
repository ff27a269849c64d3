package train

import "context"

// SweepTogether is Sweep with so many runs in one program on any backend.
func SweepTogether(ctx context.Context, jobs []Job, atOnce int) ([]*History, error) {
	return sweep(ctx, jobs, 1, nil, func(*Trainer) int { return atOnce })
}

// OneStepACall makes a run call the trainer's program for every step.
func OneStepACall(t *Trainer) {
	t.callTime = 0
	t.blockSteps.Store(1)
}

// RecordsACall makes a call of the trainer's programs return at most n records. The trainer has run before. It returns
// false where a program has no such limit.
func RecordsACall(t *Trainer, n int) bool {
	limited := false
	for _, p := range t.programs {
		if p, ok := p.(*loop); ok {
			p.records, limited = n, true
		}
	}
	return limited
}

// Programs is how many programs of runs the trainer has compiled.
func Programs(t *Trainer) int { return len(t.programs) }

var OnGPU = onGPU
