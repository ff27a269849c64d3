package main

// forks are the older ways to start a process, of which there are none here.
var forks []string
