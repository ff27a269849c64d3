package plugin_test

import (
	"fmt"
	"os"

	"descent.example/pkg/accel/plugin"
)

// A file that the user names is taken, or it is an error: nothing else computes in its place.
func ExampleFind() {
	defer os.Setenv("GOMLX_BACKEND", os.Getenv("GOMLX_BACKEND"))
	os.Setenv("GOMLX_BACKEND", "xla:/opt/pjrt_c_api_cpu_v9_plugin.so")
	_, err := plugin.Find(plugin.CPU)
	fmt.Println(err)
	// Output: GOMLX_BACKEND=xla:/opt/pjrt_c_api_cpu_v9_plugin.so: the plugin pjrt_c_api_cpu_v9_plugin.so cannot be read (no such file or directory)
}
