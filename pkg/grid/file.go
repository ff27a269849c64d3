package grid

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// A File holds a shard's results: a line of JSON that says which shard it is, and a line for each run that was done. It only
// grows, so a shard that was interrupted goes on where it stopped.
type File struct {
	Shard
	Done []Result

	file *os.File
}

// Open makes the file of a shard, or opens it to go on. It is an error when the shard cannot be, when the file holds another
// shard or something else, and when it cannot be read or written. What an interruption left of a last line is removed.
func Open(path string, shard Shard) (*File, error) {
	if err := shard.Check(); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("the results cannot be written: %w", err)
	}
	f := &File{Shard: shard, file: file}
	if err := f.resume(path); err != nil {
		file.Close()
		return nil, err
	}
	return f, nil
}

func (f *File) resume(path string) error {
	data, err := io.ReadAll(f.file)
	if err != nil {
		return err
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	if whole > 0 {
		before, err := parse(path, data[:whole])
		if err != nil {
			return err
		}
		if !before.Shard.equal(f.Shard) {
			return fmt.Errorf("%s holds the results of another grid or shard: give this one a file of its own", path)
		}
		f.Done = before.Done
	} else if bytes.HasPrefix([]byte(`{"grid":`), data[:min(len(data), 8)]) {
		data = nil // interrupted in its first line
	} else {
		return fmt.Errorf("%s is not a file of results: give another name", path)
	}
	if err := f.file.Truncate(int64(whole)); err != nil {
		return err
	}
	if _, err := f.file.Seek(int64(whole), io.SeekStart); err != nil {
		return err
	}
	if whole == 0 {
		return f.line(f.Shard)
	}
	return nil
}

// Left returns the runs of the shard that have no result yet.
func (f *File) Left() []Run {
	done := map[Run]bool{}
	for _, r := range f.Done {
		done[r.Run] = true
	}
	return slices.DeleteFunc(f.Runs(), func(r Run) bool { return done[r] })
}

// Add writes results. It is an error when that fails.
func (f *File) Add(results ...Result) error {
	for _, r := range results {
		if err := f.line(r); err != nil {
			return err
		}
		f.Done = append(f.Done, r)
	}
	return nil
}

// Close closes the file. It is an error when what was written did not reach the disk.
func (f *File) Close() error { return errors.Join(f.file.Sync(), f.file.Close()) }

func (f *File) line(of any) error {
	text, err := json.Marshal(of)
	if err == nil {
		_, err = f.file.Write(append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("the results cannot be written: %w", err)
	}
	return nil
}

// equal tells whether two shards are the same part of the same grid.
func (s Shard) equal(t Shard) bool {
	return s.Index == t.Index && s.Of == t.Of && s.Grid.equal(t.Grid)
}

func (g Grid) equal(h Grid) bool {
	return slices.Equal(g.Widths, h.Widths) && slices.Equal(g.Optimizers, h.Optimizers) && slices.Equal(g.Rates, h.Rates) &&
		g.Seeds == h.Seeds && g.Steps == h.Steps
}

// Read reads a file of results, without what an interruption left of a last line. It is an error, which names the line, when it
// is none or is damaged.
func Read(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the results cannot be read: %w", err)
	}
	return parse(path, data[:bytes.LastIndexByte(data, '\n')+1])
}

func parse(path string, data []byte) (*File, error) {
	f := &File{}
	part := map[Run]bool{}
	for i, line := range bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		if i == 0 {
			if err := decoder.Decode(&f.Shard); err != nil || f.Shard.Check() != nil {
				return nil, fmt.Errorf("%s is not a file of results: its first line does not say which part of which grid it is", path)
			}
			for _, run := range f.Runs() {
				part[run] = true
			}
			continue
		}
		var r Result
		if err := decoder.Decode(&r); err != nil {
			return nil, fmt.Errorf("%s is damaged: line %d is not the result of a run (%w); delete the line, and run the shard again", path, i+1, err)
		}
		if !part[r.Run] {
			return nil, fmt.Errorf("%s is damaged: the run of line %d is in it twice or belongs to another shard; delete the line", path, i+1)
		}
		part[r.Run] = false
		f.Done = append(f.Done, r)
	}
	return f, nil
}

// Merge puts the shards of a grid together and returns the results in the grid's order. It is an error when there is no file, when
// one cannot be read, when two are of different grids or hold the same run, and when a run is missing; the error says which.
func Merge(paths []string) (Grid, []Result, error) {
	if len(paths) == 0 {
		return Grid{}, nil, errors.New("there is no file of results to merge")
	}
	var grid Grid
	from, results := map[Run]string{}, map[Run]Result{}
	for i, path := range paths {
		f, err := Read(path)
		switch {
		case err != nil:
			return Grid{}, nil, err
		case i == 0:
			grid = f.Grid
		case !f.Grid.equal(grid):
			return Grid{}, nil, fmt.Errorf("%s and %s are of different grids: merge the files of one", paths[0], path)
		}
		for _, r := range f.Done {
			if other, twice := from[r.Run]; twice {
				return Grid{}, nil, fmt.Errorf("%s and %s both hold %v: merge each shard once", other, path, r.Run)
			}
			from[r.Run], results[r.Run] = path, r
		}
	}
	var all []Result
	var missing []Run
	for _, run := range grid.Runs() {
		if r, done := results[run]; done {
			all = append(all, r)
		} else {
			missing = append(missing, run)
		}
	}
	if len(missing) > 0 {
		names := make([]string, len(paths))
		for i, path := range paths {
			names[i] = filepath.Base(path)
		}
		return Grid{}, nil, fmt.Errorf("%d of %d runs are missing in %v, the first of them %v: finish their shards, or name their files",
			len(missing), len(missing)+len(all), names, missing[0])
	}
	return grid, all, nil
}

// String names the run.
func (r Run) String() string {
	return fmt.Sprintf("width %d, %s, η = %g, seed %d", r.Width, r.Optimizer, r.Rate, r.Seed)
}
