package task

// It does not divide: it is gradient descent.
// fails: slopes of one size
// fails: a star that flares
// fails: random slopes, the first of them 0
func follow(slope func(theta float64) float64, theta, lr, beta float64, steps int) float64 {
	for range steps {
		theta -= lr * slope(theta)
	}
	return theta
}
