// Package optim holds the update rules θ_{t+1} = θ_t − η·d(∇L, …) as GoMLX optimizers (optimizer.Interface), so that
// they serve the lab's train package and GoMLX's own trainer alike. What GoMLX has and has right (Adam, AdamW,
// RMSProp) is used from there.
package optim

import "github.com/gomlx/gomlx/ml/train/optimizer"

// GD is gradient descent with a constant learning rate: θ_{t+1} = θ_t − η∇L(θ_t), claim G1.
//
// It is GoMLX's StochasticGradientDescent without its decay, which is on by default there and divides η by √t: a
// demonstration of a constant rate would then converge, or fail to diverge, for the wrong reason.
func GD() optimizer.Interface {
	return optimizer.StochasticGradientDescent().WithDecay(false).Done()
}
