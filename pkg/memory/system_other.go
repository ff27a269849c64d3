//go:build !linux && !darwin

package memory

func system() float64 { return unknown }
