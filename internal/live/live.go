// Package live is what a cell's live process and the kernel that starts it have in common. A live process runs a cell's own program
// again and again, with new values of its parameters (pkg/lab). The kernel (internal/kernel) hands it requests and passes its answers
// to the page, whose controls ask.
package live

import (
	"encoding/json"
	"os"
	"runtime"
)

const (
	// RecordEnv is the environment variable that names a file into which a cell with parameters writes its Record.
	RecordEnv = "DESCENT_LIVE_RECORD"

	// ProcessEnv is the environment variable that makes a cell's program a live process: Requests arrive on its standard input,
	// a line each, and its Answers leave through file descriptor 3. It ends with its input.
	ProcessEnv = "DESCENT_LIVE_PROCESS"

	// ValuesEnv names the file from which a program that cellbuild prepared reads its literals, in place of its own.
	ValuesEnv = "DESCENT_LIVE_VALUES"

	// ValuesSuffix is what cellbuild adds to a prepared program's name for the file of its literals.
	ValuesSuffix = ".values"
)

// Of the program that cellbuild links of all cells of a notebook.
const (
	NotebookEnv    = "DESCENT_NOTEBOOK"               // names the notebook
	NotebookSource = "/descent/gonb_notebook/main.go" // what its source is called in the program
	CellFunction   = "descentCell"                    // begins the names of its cells' functions; the cell's number follows
	CellLines      = 100_000                          // line 7 of the third cell is line 3*CellLines + 7
)

// Process says whether this process is a live one, as the one of a browser's page is.
var Process = os.Getenv(ProcessEnv) != "" || runtime.GOOS == "js"

// Serve runs a program of many cells, each a function under its name (internal/page). Package lab sets it: in a browser it answers
// Requests for as long as the page lives; elsewhere it writes the cells' parameters, a JSON object of []lab.Param, and returns.
var Serve func(cells map[string]func())

// A Record is how a cell's program was started, and the parameters that it declared.
type Record struct {
	Program string          `json:"program"`
	Args    []string        `json:"args"`
	Dir     string          `json:"dir"`
	Env     []string        `json:"env"`
	Params  json.RawMessage `json:"params"` // []lab.Param
}

// A Request asks for a run of the cell. A newer one cancels those before it.
type Request struct {
	Seq    int               `json:"seq"`            // counts the requests; 0 cancels the run and asks for nothing
	Values map[string]string `json:"values"`         // of parameters, as text; the others have the cell's own
	Cell   string            `json:"cell,omitempty"` // which one, of a program of many cells

	// Numbers says that pictures come with their numbers, to be taken away.
	Numbers bool `json:"numbers,omitempty"`
}

// An Answer tells of the run that a Request asked for. A Request has one Answer that is Done or Cancelled, unless a newer one came
// before its run began.
type Answer struct {
	Seq       int             `json:"seq"`
	Progress  string          `json:"progress,omitempty"` // of a run that goes on, in words; all else is empty then
	Outputs   json.RawMessage `json:"outputs,omitempty"`  // an array of Outputs; of a long one, its gzip in base64
	Error     string          `json:"error,omitempty"`    // why the run ended before its end
	Micros    int64           `json:"micros,omitempty"`   // that the run took
	Done      bool            `json:"done,omitempty"`
	Cancelled bool            `json:"cancelled,omitempty"`
}

// An Output is a bundle of one content in several types, as in a notebook.
type Output struct {
	Data     map[string]any `json:"data"`
	Metadata map[string]any `json:"metadata,omitempty"`
}

// A Drawing is a picture in all that a page needs of it.
type Drawing struct {
	SVG           []byte // after the first line, each element on a line of its own
	Alt           string
	Width, Height int
	Handles       []Handle
	CSV           []byte // its numbers, if it has any and they were asked for
}

// A Handle is a point of a picture that a page lets a reader drag.
type Handle struct {
	X Coordinate `json:"x"`
	Y Coordinate `json:"y"`
}

// A Coordinate is one of a Handle's two, along one axis of its panel. The value Lo lies at the share From of the picture's width or
// height, counted from its left or upper edge, and Hi at To.
type Coordinate struct {
	Param string  `json:"param"` // the list that holds it, "" if it stays as it is
	Item  int     `json:"item"`  // its place there
	Value float64 `json:"value"`
	Lo    float64 `json:"lo"`
	Hi    float64 `json:"hi"`
	Log   bool    `json:"log,omitempty"`
	From  float64 `json:"from"`
	To    float64 `json:"to"`
}

// FilmType is the type of an Output that moves: an object of its frames, as SVG, and perSecond, how many of them it shows in a second.
const FilmType = "application/vnd.descent.film+json"

// Keys of a picture's metadata.
const (
	HandlesKey = "handles" // its Handles
	LinesKey   = "lines"   // true if each element of its SVG has a line of its own, so that a page can draw anew those that differ
)
