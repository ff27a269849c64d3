// Command engine says what computes on this machine, and why that.
package main

import (
	"fmt"
	"os"

	"descent.example/pkg/accel"
)

func main() {
	fmt.Println(accel.Describe())
	if _, err := accel.Open(); err != nil {
		os.Exit(1)
	}
}
