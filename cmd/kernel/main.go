// Command kernel is the notebooks' kernel: Jupyter starts it, and it starts GoNB.
package main

import (
	"flag"
	"log"
	"os"

	"descent.example/internal/kernel"
)

func main() {
	log.SetFlags(log.Ltime)
	var opt kernel.Options
	flag.StringVar(&opt.GoNB, "gonb", "gonb", "the program that runs cells")
	flag.StringVar(&opt.Gopls, "gopls", "", "the program that completes; without it nothing is completed")
	flag.Func("module", "the folder of a module that cells import, the lab's own first", func(dir string) error {
		opt.Modules = append(opt.Modules, dir)
		return nil
	})
	flag.StringVar(&opt.Connection, "connection", "", "Jupyter's connection file")
	warm := flag.Bool("warm", false, "fill the cache of the program that completes, and end")
	flag.Parse()
	if *warm {
		if err := kernel.Warm(opt); err != nil {
			log.Fatal("kernel: ", err)
		}
		return
	}
	// gopls takes more memory than all else of a kernel, which counts where a machine serves a class.
	switch limit := os.Getenv("DESCENT_COMPLETION"); limit {
	case "":
	case "off":
		opt.Gopls = ""
	default: // such as 300MiB
		opt.GoplsMemory = limit
	}
	if err := kernel.Run(opt); err != nil {
		log.Fatal("kernel: ", err)
	}
}
