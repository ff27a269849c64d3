// Package lecture holds the lecture's experiments: one function for a claim, which the notebook's cell and the claim's
// test both call. A function takes plain settings, and returns what was measured beside what theory says; it draws
// nothing.
package lecture
