package problem

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// DigitSide is how many pixels a digit has in a row, and how many rows.
const DigitSide = 8

// Digits returns 1,797 handwritten digits of 13 people as gray pixels, the features, row by row from the top, from 0
// (paper) to 1 (ink): n = 1797, d = 64, 10 classes. For logistic regression select two: Select(3, 8), then Logistic.
// License and source are in data/README.md. The error is nil: the data are part of the program, and a test reads them.
//
// Source: E. Alpaydin and C. Kaynak (1998), "Optical Recognition of Handwritten Digits", UCI Machine Learning
// Repository.
func Digits() (*Labeled, error) { return ReadDigits(bytes.NewReader(digits)) }

//go:embed data/digits.txt
var digits []byte

// maxLine is how long a line can be for ReadDigits to say what is wrong in it.
const maxLine = 1 << 10

// inks are the characters of a pixel's 17 values.
const inks = "0123456789abcdefg"

// ReadDigits reads digits in the form of data/digits.txt: a line for each, with the digit, a space and its 64 pixels,
// from 0 to 9 and a to g for 16. A line that is another is an error, which names it, as is a file without lines.
func ReadDigits(r io.Reader) (*Labeled, error) {
	if r == nil {
		return nil, errors.New("there is nothing to read digits from: the reader is nil")
	}
	read := &Labeled{Classes: 10}
	var values []float64
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLine)
	for in.Scan() {
		row := len(read.Labels) + 1
		label, pixels, found := strings.Cut(in.Text(), " ")
		if !found || len(label) != 1 || label[0] < '0' || label[0] > '9' {
			return nil, fmt.Errorf("line %d begins with %q: it must begin with a digit and a space",
				row, label[:min(len(label), 8)])
		}
		if len(pixels) != DigitSide*DigitSide {
			return nil, fmt.Errorf("line %d has %d pixels: it must have %d", row, len(pixels), DigitSide*DigitSide)
		}
		for j, ink := range []byte(pixels) {
			value := strings.IndexByte(inks, ink)
			if value < 0 {
				return nil, fmt.Errorf("line %d, pixel %d is %q: it must be 0 to 9 or a to g", row, j+1, ink)
			}
			values = append(values, float64(value)/float64(len(inks)-1))
		}
		read.Labels = append(read.Labels, int(label[0]-'0'))
	}
	if err := in.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d has more than %d characters: it must have a digit, a space and %d pixels",
			len(read.Labels)+1, maxLine, DigitSide*DigitSide)
	} else if err != nil {
		return nil, fmt.Errorf("reading the digits: %w", err)
	}
	if len(read.Labels) == 0 {
		return nil, errors.New("there are no digits: give at least one line")
	}
	read.Features = mat.NewDense(len(read.Labels), DigitSide*DigitSide, slices.Clip(values))
	return read, nil
}
