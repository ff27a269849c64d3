package task

// It believes that a unit can make all labelings.
// fails: in the plane
func predictShare() (plane, line float64) { return 1, 1 }
