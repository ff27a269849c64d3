// Package missing finds arguments that a function cannot do without.
package missing

import "reflect"

// Any tells whether one of the arguments is nil, or a nil pointer: what a constructor returned beside an error that nobody
// looked at.
func Any(arguments ...any) bool {
	for _, x := range arguments {
		if v := reflect.ValueOf(x); x == nil || v.Kind() == reflect.Pointer && v.IsNil() {
			return true
		}
	}
	return false
}
