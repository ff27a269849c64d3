//go:build !js

package ink

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"math"
)

// An animated PNG (PNG specification, third edition, 2025, section 11.3.6) is a
// PNG whose own image is a still, shown where nothing moves, with the frames
// of the animation in chunks beside it. image/png encodes still and frames, all
// with the palette of the still.

// cel is a frame's picture: what changes, at its place on the canvas.
// Transparent dots leave what was there.
type cel struct {
	img   *image.Paletted
	delay int // milliseconds until the next
}

// strip collects the frames of an animation.
type strip struct {
	chunks []byte
	frames uint32
	number uint32 // of the next fcTL or fdAT
}

func (s *strip) add(c cel) error {
	b := c.img.Bounds()
	control := make([]byte, 0, 26)
	for _, v := range []int{int(s.number), b.Dx(), b.Dy(), b.Min.X, b.Min.Y} {
		control = binary.BigEndian.AppendUint32(control, uint32(v))
	}
	control = binary.BigEndian.AppendUint16(control, uint16(c.delay))
	control = binary.BigEndian.AppendUint16(control, 1000)
	const keep, over = 0, 1 // the frame stays; the next is laid over it
	s.chunks = appendChunk(s.chunks, "fcTL", append(control, keep, over))
	// The best compression takes twice as long for a fifteenth of the bytes.
	encoded, err := encode(c.img, png.DefaultCompression)
	if err != nil {
		return err
	}
	data := binary.BigEndian.AppendUint32(nil, s.number+1)
	eachChunk(encoded, func(kind string, part []byte) {
		if kind == "IDAT" {
			data = append(data, part...)
		}
	})
	s.chunks = appendChunk(s.chunks, "fdAT", data)
	s.frames++
	s.number += 2
	return nil
}

// around puts the still before the frames. They repeat for ever.
func (s *strip) around(still *image.Paletted) ([]byte, error) {
	encoded, err := encode(still, png.BestCompression)
	if err != nil {
		return nil, err
	}
	out := bytes.Clone(encoded[:len(signature)])
	animated := false
	eachChunk(encoded, func(kind string, part []byte) {
		switch {
		case kind == "IDAT" && !animated:
			out = appendChunk(out, "acTL", binary.BigEndian.AppendUint32(nil, s.frames), make([]byte, 4))
			animated = true
		case kind == "IEND":
			out = append(out, s.chunks...)
		}
		out = appendChunk(out, kind, part)
		if kind == "IHDR" {
			out = appendChunk(out, "pHYs", physical())
		}
	})
	return out, nil
}

// physical says how large a dot is, so that a viewer shows the picture in the
// size of the SVG.
func physical() []byte {
	perMeter := uint32(math.Round(96 * dots / 0.0254))
	return append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, perMeter), perMeter), 1)
}

const signature = "\x89PNG\r\n\x1a\n"

func encode(img *image.Paletted, level png.CompressionLevel) ([]byte, error) {
	var buf bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: level}).Encode(&buf, img); err != nil {
		return nil, fmt.Errorf("figure: encoding the PNG: %w", err)
	}
	return buf.Bytes(), nil
}

func appendChunk(b []byte, kind string, data ...[]byte) []byte {
	all := append([]byte(kind), bytes.Join(data, nil)...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(all)-len(kind)))
	return binary.BigEndian.AppendUint32(append(b, all...), crc32.ChecksumIEEE(all))
}

// eachChunk calls do for the chunks of a PNG that image/png has written.
func eachChunk(b []byte, do func(kind string, data []byte)) {
	for b = b[len(signature):]; len(b) > 0; {
		n := binary.BigEndian.Uint32(b)
		do(string(b[4:8]), b[8:8+n])
		b = b[12+n:]
	}
}
