package wasm

import (
	"fmt"
	"os"
)

var dumping = os.Getenv("WASM_DUMP") != ""

func dump(fs []*function) {
	if !dumping {
		return
	}
	for i, f := range fs {
		for k, n := range f.nodes {
			n.id = k + 1000*i
		}
	}
	for i, f := range fs {
		fmt.Println("function", i)
		for _, s := range []*schedule{f.before, f.each} {
			for j, k := range s.kernels {
				fmt.Printf("  kernel %d kept %v reduced %v cost %d variant %+v cost %.0f", j, k.kept, k.reduced, k.cost, k.chosen, k.chosenCost)
				if k.alone != nil {
					fmt.Print(" ", k.alone.op)
				}
				fmt.Println()
				for _, p := range k.parts {
					var in []int
					for _, x := range p.n.in {
						in = append(in, x.id)
					}
					fmt.Printf("      %d %s %s late %v inplace %v cost %d in %v\n", p.n.id, p.n.op, p.n.shape, p.late, p.n.inPlace, p.n.cost, in)
				}
			}
			fmt.Println("  --")
		}
	}
}
