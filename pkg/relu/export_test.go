package relu

// LowerLimits lets the finding of regions end after a thousandth of the work, until restore is called.
func LowerLimits() (restore func()) {
	terms, cuts := mostTerms, mostCuts
	mostTerms, mostCuts = terms>>10, cuts>>10
	return func() { mostTerms, mostCuts = terms, cuts }
}
