package train

// OneStepACall makes a run call the trainer's program for every step.
func OneStepACall(t *Trainer) {
	t.callTime = 0
	t.blockSteps.Store(1)
}

// RecordsACall makes a call of the trainer's program return at most n records. The trainer has run before. It returns
// false where a program has no such limit.
func RecordsACall(t *Trainer, n int) bool {
	p, ok := t.program.(*loop)
	if ok {
		p.records = n
	}
	return ok
}
