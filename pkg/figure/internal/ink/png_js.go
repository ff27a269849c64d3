package ink

import "errors"

// A page in the browser draws SVG alone. What makes images would be a quarter of its program.
var errNoImages = errors.New("figure: a page in the browser draws SVG, and no images")

// PNG returns an error here.
func PNG(int, int, func(Pen)) ([]byte, error) { return nil, errNoImages }

// Film returns an error here.
func Film(int, int, []func(Pen), int, float64) ([]byte, error) { return nil, errNoImages }
