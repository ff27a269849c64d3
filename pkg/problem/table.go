package problem

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Table is numbers in named columns: one row for each example. ReadTable makes one.
type Table struct {
	// Columns are the names, [k], no two alike.
	Columns []string
	// Values is [n, k], n ≥ 1, all finite.
	Values *mat.Dense
}

// ReadTable reads comma-separated values: a first line that names the columns, then one line of numbers for each example;
// empty lines are passed over. A number that is missing, no number, or not finite, a row with more or fewer fields than
// the first line, a column without a name or with the name of another, and a table without rows are errors; they name
// the line of the file, which starts at 1, and the column.
func ReadTable(r io.Reader) (*Table, error) {
	if r == nil {
		return nil, errors.New("there is nothing to read a table from: the reader is nil")
	}
	buffered := bufio.NewReader(r)
	if mark, _ := buffered.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		buffered.Discard(len(mark)) // Spreadsheets put a byte-order mark first; it is not a part of the first name.
	}
	in := csv.NewReader(buffered)
	in.FieldsPerRecord = -1 // Counted below, in a sentence of our own.
	in.TrimLeadingSpace = true
	columns, err := in.Read()
	if err == io.EOF {
		return nil, errors.New("the table is empty: its first line must name the columns")
	}
	if err != nil {
		return nil, fmt.Errorf("reading the table's first line: %w", err)
	}
	for j, name := range columns {
		columns[j] = strings.TrimSpace(name)
	}
	if err := checkNames(columns); err != nil {
		return nil, err
	}
	var values []float64
	for {
		fields, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the table: %w", err)
		}
		line, _ := in.FieldPos(0)
		if len(fields) != len(columns) {
			return nil, fmt.Errorf("line %d has %d fields: the first line names %d columns", line, len(fields), len(columns))
		}
		for j, field := range fields {
			value, err := parse(strings.TrimSpace(field))
			if err != nil {
				return nil, fmt.Errorf("line %d, column %q: %w", line, columns[j], err)
			}
			values = append(values, value)
		}
	}
	if len(values) == 0 {
		return nil, errors.New("the table has no rows: below the names there must be at least one line of numbers")
	}
	return &Table{Columns: columns, Values: mat.NewDense(len(values)/len(columns), len(columns), values)}, nil
}

// Select returns the table of the columns named, in that order. A name that the table lacks or that is given twice is an
// error.
func (t *Table) Select(columns ...string) (*Table, error) {
	if err := checkNames(columns); err != nil {
		return nil, err
	}
	selected := &Table{Columns: slices.Clone(columns)}
	for j, name := range columns {
		column, err := t.Column(name)
		if err != nil {
			return nil, err
		}
		if selected.Values == nil {
			selected.Values = mat.NewDense(len(column), len(columns), nil)
		}
		selected.Values.SetCol(j, column)
	}
	return selected, nil
}

// Column returns the values of one column, [n]. A name that the table lacks is an error.
func (t *Table) Column(name string) ([]float64, error) {
	if t.Values == nil || t.Values.IsEmpty() || t.Values.RawMatrix().Cols != len(t.Columns) {
		return nil, fmt.Errorf("the table names %d columns: its Values must have as many", len(t.Columns))
	}
	j := slices.Index(t.Columns, name)
	if j < 0 {
		return nil, fmt.Errorf("there is no column %q: the table has %s", name, strings.Join(t.Columns, ", "))
	}
	return mat.Col(nil, j, t.Values), nil
}

// LeastSquares makes the regression of the target on all other columns, each standardized: z = (x − mean)/sd, with the
// standard deviation that divides by n, so that the Hessian is the correlation matrix of the features. The target is
// centred and keeps its unit: with both means at zero the best intercept is zero, and θ has one element for each feature,
// in units of the target per standard deviation. A feature that is constant cannot be standardized and is an error.
func (t *Table) LeastSquares(target string) (*LeastSquares, error) {
	y, err := t.Column(target)
	if err != nil {
		return nil, err
	}
	features := slices.DeleteFunc(slices.Clone(t.Columns), func(name string) bool { return name == target })
	if len(features) == 0 {
		return nil, fmt.Errorf("the table has no column but the target %q: there is nothing to predict it from", target)
	}
	x := mat.NewDense(len(y), len(features), nil)
	for j, name := range features {
		column, err := t.Column(name)
		if err != nil {
			return nil, err
		}
		if err := standardize(column); err != nil {
			return nil, fmt.Errorf("column %q %w", name, err)
		}
		x.SetCol(j, column)
	}
	floats.AddConst(-stat.Mean(y, nil), y)
	return NewLeastSquares(x, y)
}

// standardize shifts and scales a column in place to mean 0 and standard deviation 1.
func standardize(column []float64) error {
	if floats.Min(column) == floats.Max(column) {
		return fmt.Errorf("is constant (%v): it cannot be standardised; leave it out", column[0])
	}
	mean, sd := stat.PopMeanStdDev(column, nil)
	if !(sd > 0) || math.IsInf(sd, 0) {
		return fmt.Errorf("has values too large or too small for float64 (standard deviation %v): choose another unit", sd)
	}
	floats.AddConst(-mean, column)
	floats.Scale(1/sd, column)
	return nil
}

// parse reads one finite number.
func parse(field string) (float64, error) {
	if field == "" {
		return 0, errors.New("the value is missing")
	}
	value, err := strconv.ParseFloat(field, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%q is not a number", field)
	}
	if !finite(value) {
		return 0, fmt.Errorf("%q is not a finite number", field)
	}
	return value, nil
}

// checkNames says what is wrong with the names of columns.
func checkNames(columns []string) error {
	if len(columns) == 0 {
		return errors.New("no column is named: give at least one")
	}
	for j, name := range columns {
		if name == "" {
			return fmt.Errorf("column %d has no name", j+1)
		}
		if _, err := strconv.ParseFloat(name, 64); err == nil {
			return fmt.Errorf("column %d is named %q, a number: the first line must name the columns", j+1, name)
		}
		if slices.Contains(columns[:j], name) {
			return fmt.Errorf("two columns are named %q: each name must be its own", name)
		}
	}
	return nil
}
