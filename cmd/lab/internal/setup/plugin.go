package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"descent.example/cmd/lab/internal/report"
	"descent.example/pkg/accel/plugin"
)

// pluginPause is how long opening the lab does not try again to fetch a plugin that could not be had.
const pluginPause = 24 * time.Hour

// fetchPlugin gets XLA's plugin where one is missing or damaged; whole tells whether it is there now. That it cannot be had is
// no error: WebAssembly computes then. What GOMLX_BACKEND asks for is the user's affair, who is told if it cannot be had.
func (h Home) fetchPlugin(ctx context.Context, opt Options, out *report.Reporter) (whole bool, err error) {
	whole = true
	for _, kind := range plugin.Kinds() {
		_, flaw := plugin.Installed(kind, opt.Explicit)
		if flaw == nil {
			continue
		}
		name, instead := "XLA plugin for "+strings.ToUpper(string(kind)), "WebAssembly"
		if kind != plugin.CPU {
			instead = "the CPU"
		}
		failed := h.personal("no-plugin-" + string(kind))
		info, err := os.Stat(failed)
		if opt.Offline || err == nil && !opt.Explicit && time.Since(info.ModTime()) < pluginPause {
			out.Say("%s: %v, so %s will compute; `go run ./cmd/lab setup` fetches it.", name, flaw, instead)
			whole = false
			continue
		}
		os.Remove(failed)
		end := out.Begin(name)
		_, err = plugin.Install(ctx, kind, plugin.Options{
			Python: h.Python(),
			Progress: func(what string, done, total int64) {
				of := ""
				if total > 0 {
					of = fmt.Sprintf(" of %d", total/1_000_000)
				}
				out.Note(name, fmt.Sprintf("%s, %d%s MB", what, done/1_000_000, of))
			},
		})
		end(err)
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err != nil {
			whole = false
			out.Say("  It cannot be had now: %v.\n  So %s will compute; `go run ./cmd/lab setup` tries again.", err, instead)
			WriteFile(failed, []byte(err.Error())) // without a cache folder that can be written it is tried each time
		}
	}
	asked := plugin.Requested()
	switch {
	case asked.Path != "":
		err = plugin.Check(asked.Path)
	case !slices.Contains([]string{"", "wasm", "xla"}, asked.Backend):
		err = errors.New("GoMLX has no such backend here")
	}
	if err != nil {
		out.Say("GOMLX_BACKEND=%s cannot be had: %v. No cell will compute until you unset it or name another one.", os.Getenv("GOMLX_BACKEND"), err)
	}
	return whole, nil
}
