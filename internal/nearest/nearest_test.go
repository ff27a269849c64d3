package nearest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Known distances: the textbook's kitten/sitting, and the empty word.
func TestEditDistance(t *testing.T) {
	assert.Equal(t, 3, editDistance("kitten", "sitting"))
	assert.Equal(t, 3, editDistance("", "abc"))
	assert.Equal(t, 0, editDistance("lr", "lr"))
	assert.Equal(t, 2, editDistance("flaw", "lawn"))
}
