package main

// forks are the older ways to start a process, of which there are none here.
var forks []string

// harmfulHere are the older forms of some harmful calls, of which there are none here either.
var harmfulHere []string
