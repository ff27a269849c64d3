package task

import "math"

// It divides by the root of the batch size.
// fails: batches of 3
func predictFloor() (one, batch float64) { return 2, 2 / math.Sqrt(3) }
