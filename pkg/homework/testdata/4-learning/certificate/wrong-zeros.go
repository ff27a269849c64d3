package task

// Zeros solve the equations, and prove nothing.
// fails: five sets of four points
func certificate(points [4][2]float64) (c [4]float64) { return c }
