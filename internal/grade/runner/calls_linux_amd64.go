package main

// forks are the older ways to start a process.
var forks = []string{"fork", "vfork"}
