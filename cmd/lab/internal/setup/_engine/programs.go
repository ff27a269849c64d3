package pjrt

/*
#include <stdlib.h>
#include "pjrt_c_api.h"
#include "gen_api_calls.h"
#include "gen_new_struct.h"

static void delete_serialized(PJRT_Executable_Serialize_Args *args) {
	args->serialized_executable_deleter(args->serialized_executable);
}
*/
import "C"
import (
	"crypto/sha256"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"unsafe"

	"descent.example/pkg/accel/programs"
)

// A live cell's process runs its program again and again, and loads each XLA program once. These are the programs that it used last.
// Several users share a loaded program, so none of them destroys it: the garbage collector does when it has no user left.
var (
	shares   = os.Getenv("DESCENT_LIVE_PROCESS") != "" // live.ProcessEnv, which this module may not import
	loadedMu sync.Mutex
	loaded   = map[[sha256.Size]byte]*LoadedExecutable{}
	byUse    [][sha256.Size]byte // the keys of loaded, that of the last use last
)

const mostLoaded = 64

// compileOnce compiles a program unless an earlier process has compiled it on this machine's processor, or this one has it loaded.
func compileOnce(plugin *Plugin, client *Client, program []byte, format string, options []byte) (*LoadedExecutable, error) {
	if !shares {
		return compileOrLoad(plugin, client, program, format, options)
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%p %d:%s %s %s", client, len(options), options, format, program))
	loadedMu.Lock()
	defer loadedMu.Unlock()
	exec := loaded[key]
	if exec == nil {
		var err error
		if exec, err = compileOrLoad(plugin, client, program, format, options); err != nil {
			return nil, err
		}
		loaded[key] = exec
	}
	byUse = append(slices.DeleteFunc(byUse, func(k [sha256.Size]byte) bool { return k == key }), key)
	if len(byUse) > mostLoaded {
		delete(loaded, byUse[0])
		byUse = byUse[1:]
	}
	return exec, nil
}

func compileOrLoad(plugin *Plugin, client *Client, program []byte, format string, options []byte) (*LoadedExecutable, error) {
	var key programs.Key
	if major, minor := plugin.Version(); client.Platform() == "cpu" && major == 0 && minor >= 106 && minor <= 115 { // those tried
		key = programs.KeyOf(plugin.path, []byte(client.PlatformVersion()), []byte(format), options, program)
	}
	if kept := programs.Load(key); kept != nil {
		if exec, err := deserialize(plugin, client, kept); err == nil {
			return exec, nil
		}
	}
	exec, err := pjrtClientCompile(plugin, client, program, format, options)
	if err == nil && key != "" {
		if data, err := exec.executable.serialize(); err == nil {
			programs.Store(key, data)
		}
	}
	return exec, err
}

// serialize returns the executable in the plugin's own form.
func (e *Executable) serialize() ([]byte, error) {
	defer runtime.KeepAlive(e)
	args := C.new_PJRT_Executable_Serialize_Args()
	defer cFree(args)
	args.executable = e.wrapper.c
	if err := toError(e.wrapper.plugin, C.call_PJRT_Executable_Serialize(e.wrapper.plugin.api, args)); err != nil {
		return nil, err
	}
	defer C.delete_serialized(args)
	return C.GoBytes(unsafe.Pointer(args.serialized_bytes), C.int(args.serialized_bytes_size)), nil
}

// deserialize loads what serialize returned.
func deserialize(plugin *Plugin, client *Client, data []byte) (*LoadedExecutable, error) {
	args := C.new_PJRT_Executable_DeserializeAndLoad_Args()
	defer cFree(args)
	bytes := C.CBytes(data)
	defer C.free(bytes)
	args.client = client.client.c
	args.serialized_executable, args.serialized_executable_size = (*C.char)(bytes), C.size_t(len(data))
	if err := toError(plugin, C.call_PJRT_Executable_DeserializeAndLoad(plugin.api, args)); err != nil {
		return nil, err
	}
	return newLoadedExecutable(plugin, client, args.loaded_executable)
}
