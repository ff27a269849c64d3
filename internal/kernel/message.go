package kernel

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// A message of Jupyter's protocol, its parts as they were received: a frame that nobody changes is passed on byte by byte.
type message struct {
	ids     [][]byte // the way back to who asked
	header  header
	parts   [4][]byte // header, parent's header, metadata, content
	buffers [][]byte
}

type header struct {
	ID      string `json:"msg_id"`
	Kind    string `json:"msg_type"`
	Session string `json:"session"`
	User    string `json:"username"`
	Date    string `json:"date"`
	Version string `json:"version"`
}

const (
	headerPart = iota
	parentPart
	metadataPart
	contentPart
)

const delimiter = "<IDS|MSG>"

func sign(key []byte, parts [4][]byte) []byte {
	if len(key) == 0 {
		return nil
	}
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return []byte(hex.EncodeToString(mac.Sum(nil)))
}

// parse takes a message apart. It is an error if it is malformed or not signed with the key.
func parse(frames [][]byte, key []byte) (message, error) {
	at := slices.IndexFunc(frames, func(f []byte) bool { return string(f) == delimiter })
	if at < 0 || len(frames) < at+6 {
		return message{}, errors.New("a message is incomplete")
	}
	m := message{ids: frames[:at], parts: [4][]byte(frames[at+2 : at+6]), buffers: frames[at+6:]}
	if !hmac.Equal(sign(key, m.parts), frames[at+1]) && len(key) > 0 {
		return message{}, errors.New("a message has a wrong signature")
	}
	if err := json.Unmarshal(m.parts[headerPart], &m.header); err != nil {
		return message{}, err
	}
	for _, p := range m.parts {
		if len(key) > 0 && !json.Valid(p) { // GoNB's own are
			return message{}, errors.New("a message is no JSON")
		}
	}
	return m, nil
}

// frames are the message as it is sent.
func (m message) frames(key []byte) [][]byte {
	frames := append(slices.Clone(m.ids), []byte(delimiter), sign(key, m.parts))
	return append(append(frames, m.parts[:]...), m.buffers...)
}

// parent is the id of the request that the message answers.
func (m message) parent() string {
	var h header
	json.Unmarshal(m.parts[parentPart], &h)
	return h.ID
}

// with returns the message with another content.
func (m message) with(content any) message {
	m.parts[contentPart] = encode(content)
	return m
}

// answer is a new message to the one who asked.
func (m message) answer(kind string, content any) message {
	h := header{ID: newID(), Kind: kind, Session: m.header.Session, User: m.header.User,
		Date: time.Now().UTC().Format(time.RFC3339Nano), Version: protocolVersion}
	return message{ids: m.ids, header: h, parts: [4][]byte{encode(h), m.parts[headerPart], []byte("{}"), encode(content)}}
}

func newID() string {
	id := make([]byte, 16)
	rand.Read(id)
	return hex.EncodeToString(id)
}

func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // of our own maps and structs
	}
	return data
}
