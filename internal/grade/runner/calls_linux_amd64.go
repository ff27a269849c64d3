package main

// forks are the older ways to start a process.
var forks = []string{"fork", "vfork"}

// harmfulHere are the older forms of some harmful calls.
var harmfulHere = []string{"chmod", "chown", "lchown", "utime", "utimes", "futimesat", "inotify_init"}
