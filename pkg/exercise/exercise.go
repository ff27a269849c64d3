// Package exercise checks what a reader writes in the exercises of the lecture, one file for each chapter. A check takes
// the reader's function and tries it on cases of its own. It returns nil when the function does what is asked, and otherwise
// an error: one sentence with a case that the function gets wrong, what it gives there, and what it should.
package exercise
