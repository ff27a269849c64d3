package brief

// A Head keeps the beginning of what is written to it.
type Head struct {
	Most int // bytes
	text []byte
}

// Write takes all, and keeps what there is room for.
func (h *Head) Write(p []byte) (int, error) {
	h.text = append(h.text, p[:min(len(p), h.Most-len(h.text))]...)
	return len(p), nil
}

// String is what it keeps.
func (h *Head) String() string { return string(h.text) }
