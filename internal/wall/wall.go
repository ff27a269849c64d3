// Package wall lets two programs call each other's functions over a pair of streams, so that a grader can try functions of a student's which
// run elsewhere. Arguments and results are copied; a function among them stays where it is, and is asked over the wall; slices
// and maps that the callee changes are changed for the caller as well.
//
// The same code is compiled into both programs. Neither trusts the other: a message is read by the types that the reader has,
// never by what it says, and one that is not well-formed ends the conversation.
package wall

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
)

// largest is how many bytes a message may have.
const largest = 16 << 20

// deepest is how deep calls to and fro may be nested, and most how many functions one side may hand out.
const (
	deepest = 64
	most    = 1 << 20
)

// A Conn is one side of a conversation. It is for one goroutine.
type Conn struct {
	in    *bufio.Reader
	out   *bufio.Writer
	named map[string]reflect.Value
	own   []reflect.Value // the functions that this side has handed out
	deep  int
}

// New returns a conversation over two streams, in which the other side can call the functions by their names.
func New(in io.Reader, out io.Writer, functions map[string]any) *Conn {
	c := &Conn{in: bufio.NewReader(in), out: bufio.NewWriter(out), named: map[string]reflect.Value{}}
	for name, f := range functions {
		c.named[name] = reflect.ValueOf(f)
	}
	return c
}

// Lost is the panic of a call that has no answer, because the conversation is over.
type Lost struct{ Err error }

// Error says why it is over.
func (l Lost) Error() string { return l.Err.Error() }

// Panicked is the panic of a call whose function panicked on the other side, with what it panicked with.
type Panicked string

// Error returns what the function panicked with.
func (p Panicked) Error() string { return string(p) }

// broken is why a conversation cannot go on.
type broken string

func (b broken) Error() string { return string(b) }

// The kinds of messages.
const (
	callNamed byte = iota
	callOwn
	returned
	panicked
)

// Bind makes *function, a nil pointer to a variable of a function type, the function of this name on the other side. It is an error when values
// of the type do not cross.
func (c *Conn) Bind(name string, function any) error {
	v := reflect.ValueOf(function).Elem()
	if err := Crosses(v.Type()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	b := binary.AppendUvarint(nil, uint64(len(name)))
	v.Set(c.remote(v.Type(), callNamed, append(b, name...)))
	return nil
}

// function is the function that the other side has handed out.
func (c *Conn) function(t reflect.Type, id []byte) reflect.Value { return c.remote(t, callOwn, id) }

// remote is a function whose calls the other side answers.
func (c *Conn) remote(t reflect.Type, kind byte, id []byte) reflect.Value {
	return reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		b := append([]byte{kind}, id...)
		for _, a := range args {
			b = c.append(b, a)
		}
		c.send(b)
		m := c.await()
		results := make([]reflect.Value, t.NumOut())
		for i := range results {
			results[i] = m.value(t.Out(i))
		}
		for _, a := range args {
			if changes(a.Type()) {
				become(a, m.value(a.Type()))
			}
		}
		return results
	})
}

// await answers the calls of the other side until the answer to one of ours is there.
func (c *Conn) await() *message {
	for {
		m, kind := c.receive()
		switch kind {
		case returned:
			return m
		case panicked:
			n, _ := m.length(0)
			panic(Panicked(m.take(n)))
		default:
			c.answer(m, kind)
		}
	}
}

// Serve answers the calls of the other side until it ends the conversation.
func (c *Conn) Serve() {
	defer func() {
		if v := recover(); v != nil {
			if _, over := v.(Lost); !over {
				panic(v)
			}
		}
	}()
	for {
		m, kind := c.receive()
		if kind != callNamed && kind != callOwn {
			m.fail("answers what nobody asked")
		}
		c.answer(m, kind)
	}
}

// answer calls the function that a message asks for and sends what comes back.
func (c *Conn) answer(m *message, kind byte) {
	f := c.asked(m, kind)
	t := f.Type()
	args := make([]reflect.Value, t.NumIn())
	for i := range args {
		args[i] = m.value(t.In(i))
	}
	if c.deep++; c.deep > deepest {
		m.fail("asks within too many others")
	}
	results, failed := call(f, args)
	c.deep--
	if failed != "" {
		c.send(append(binary.AppendUvarint([]byte{panicked}, uint64(len(failed))), failed...))
		return
	}
	b := []byte{returned}
	for _, r := range results {
		b = c.append(b, r)
	}
	for _, a := range args {
		if changes(a.Type()) {
			b = c.append(b, a)
		}
	}
	c.send(b)
}

// asked is the function that a message names.
func (c *Conn) asked(m *message, kind byte) (f reflect.Value) {
	if kind == callNamed {
		n, _ := m.length(0)
		f = c.named[string(m.take(n))]
	} else if n := m.uvarint(); n > 0 && n <= uint64(len(c.own)) {
		f = c.own[n-1]
	}
	if !f.IsValid() {
		m.fail("asks for a function that there is not")
	}
	return f
}

// call calls a function. What it panics with is returned as text, except what ends the conversation.
func call(f reflect.Value, args []reflect.Value) (results []reflect.Value, failed string) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case Lost:
			panic(v)
		case broken:
			panic(v)
		default:
			failed = text(v)
		}
	}()
	return f.Call(args), ""
}

// text is what a panic says, short. What a person's own String method does then is that person's.
func text(v any) (said string) {
	defer func() {
		if recover() != nil || said == "" {
			said = "a value without a text"
		}
	}()
	if err, is := v.(runtime.Error); is {
		return strings.TrimPrefix(err.Error(), "runtime error: ")
	}
	said = fmt.Sprint(v)
	return said[:min(len(said), 500)]
}

func (c *Conn) send(b []byte) {
	if len(b) > largest {
		panic(Lost{fmt.Errorf("an argument or result has more than %d MiB", largest>>20)})
	}
	if len(c.own) > most {
		panic(Lost{fmt.Errorf("more than %d functions were passed", most)})
	}
	c.out.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(b))))
	c.out.Write(b)
	if err := c.out.Flush(); err != nil {
		panic(Lost{err})
	}
}

func (c *Conn) receive() (m *message, kind byte) {
	var head [4]byte
	if _, err := io.ReadFull(c.in, head[:]); err != nil {
		panic(Lost{err})
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n == 0 || n > largest {
		panic(broken("a message has a length that none has"))
	}
	var b bytes.Buffer // it grows with what comes, not with what is promised
	if _, err := io.CopyN(&b, c.in, int64(n)); err != nil {
		panic(Lost{err})
	}
	m = &message{conn: c, rest: b.Bytes(), room: roomy}
	return m, m.take(1)[0]
}
