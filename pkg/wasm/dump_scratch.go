package wasm

import (
	"fmt"
	"os"
)

func dump(fs []*function) {
	if os.Getenv("WASM_DUMP") == "" {
		return
	}
	for i, f := range fs {
		fmt.Println("function", i)
		id := map[*node]int{}
		for _, g := range fs {
			for k, n := range g.nodes {
				id[n] = k
			}
		}
		for k, n := range f.nodes {
			if !n.live {
				continue
			}
			var in []int
			for _, x := range n.in {
				in = append(in, id[x])
			}
			fmt.Printf("  %3d %s %s in %v ints %v root %v uniform %v bytes %d\n", k, n.op, n.shape, in, n.ints, n.root, n.uniform, len(n.bytes))
		}
		var outs []int
		for _, o := range f.outputs {
			outs = append(outs, id[o])
		}
		fmt.Println("  out", outs)
	}
}
