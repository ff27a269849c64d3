// Package lab calls the program's main, which is declared without a body. A file of assembly lets Go compile that.
