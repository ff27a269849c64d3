package train

import "descent.example/pkg/accel"

// goBackend is what draws the starting values in a page. GoMLX's Go backend would be an eighth of its program, and package wasm draws the
// same numbers.
var goBackend = accel.Open
