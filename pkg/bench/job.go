package bench

import "time"

// Job is what the program cmd/bench is told to do, as JSON on its standard input.
type Job struct {
	Cases  []Case            `json:"cases"`
	Time   time.Duration     `json:"time"`   // about how long the rounds of a case take
	GPU    bool              `json:"gpu"`    // the table of a GPU instead of Cases
	Sweep  bool              `json:"sweep"`  // also the CS182 sweep, by the lab alone
	Others []Other           `json:"others"` // who takes part beside the lab
	Absent map[string]string `json:"absent"` // who does not, and why, by key
	JSON   string            `json:"json"`   // file of results, an object a line; "" for none
	Plot   string            `json:"plot"`   // file of the picture, .svg and .png; "" for none
}

// JAXVmap is the key of JAX that trains several nets in one program, a vmap of its scan. Under the key "jax" it trains each
// net by a program of its own, as many at once as there are cores, as the lab does.
const JAXVmap = "jax_vmap"

// Other is an entrant that is a program of its own, see Worker.
type Other struct {
	Key     string   `json:"key"`
	Name    string   `json:"name"`
	Command []string `json:"command"`
}
