//go:build !js

package train

import (
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
)

// goBackend draws the starting values: compiling an initializer costs nothing there, and the values do not depend on
// the backend that trains. One operation after the other is faster for few numbers than handing them to threads.
var goBackend = sync.OnceValues(func() (compute.Backend, error) { return gobackend.New("ops_sequential") })
