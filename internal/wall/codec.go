package wall

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
)

// generator is the one type behind a pointer that crosses the wall: its numbers are asked for on the side where it was made.
var generator = reflect.TypeFor[*rand.Rand]()

// Crosses says why values of a type cannot be sent, or nothing. It is an error when the type is or holds a pointer, an interface, a channel,
// an unexported field or itself.
func Crosses(t reflect.Type) error { return crosses(t, map[reflect.Type]bool{}) }

func crosses(t reflect.Type, within map[reflect.Type]bool) error {
	if t == generator {
		return nil
	}
	if within[t] {
		return fmt.Errorf("the type %s holds itself, and such values do not cross the wall", t)
	}
	within[t] = true
	defer delete(within, t)
	var parts []reflect.Type
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16,
		reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128, reflect.String:
	case reflect.Slice, reflect.Array:
		parts = append(parts, t.Elem())
	case reflect.Map:
		parts = append(parts, t.Key(), t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if !f.IsExported() {
				return fmt.Errorf("the field %s of %s is not exported, so it does not cross the wall", f.Name, t)
			}
			parts = append(parts, f.Type)
		}
	case reflect.Func:
		if t.IsVariadic() {
			return fmt.Errorf("the function %s takes any number of arguments, which does not cross the wall", t)
		}
		for in := range t.Ins() {
			parts = append(parts, in)
		}
		for out := range t.Outs() {
			parts = append(parts, out)
		}
	default:
		return fmt.Errorf("values of the type %s do not cross the wall", t)
	}
	for _, part := range parts {
		if err := crosses(part, within); err != nil {
			return err
		}
	}
	return nil
}

// changes tells whether who gets a value of the type can change what the sender has.
func changes(t reflect.Type) bool { return t.Kind() == reflect.Slice || t.Kind() == reflect.Map }

// append writes a value of a type that crosses.
func (c *Conn) append(b []byte, v reflect.Value) []byte {
	if v.Type() == generator {
		var draw reflect.Value // of a function
		if rng := v.Interface().(*rand.Rand); rng != nil {
			draw = reflect.ValueOf(rng.Uint64)
		} else {
			draw = reflect.Zero(reflect.TypeFor[func() uint64]())
		}
		return c.append(b, draw)
	}
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return append(b, 1)
		}
		return append(b, 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return binary.AppendVarint(b, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return binary.AppendUvarint(b, v.Uint())
	case reflect.Float32, reflect.Float64:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Float()))
	case reflect.Complex64, reflect.Complex128:
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(real(v.Complex())))
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(imag(v.Complex())))
	case reflect.String:
		b = binary.AppendUvarint(b, uint64(v.Len()))
		return append(b, v.String()...)
	case reflect.Slice:
		if v.IsNil() {
			return append(b, 0)
		}
		b = binary.AppendUvarint(b, uint64(v.Len())+1)
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			b = c.append(b, v.Index(i))
		}
	case reflect.Map:
		if v.IsNil() {
			return append(b, 0)
		}
		b = binary.AppendUvarint(b, uint64(v.Len())+1)
		for entry := v.MapRange(); entry.Next(); {
			b = c.append(c.append(b, entry.Key()), entry.Value())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			b = c.append(b, v.Field(i))
		}
	case reflect.Func:
		if v.IsNil() {
			return append(b, 0)
		}
		c.own = append(c.own, v)
		b = binary.AppendUvarint(b, uint64(len(c.own)))
	}
	return b
}

// A message is one that came from the other side, of which the first bytes are read already. Whoever sent it may have written anything: a
// message that is not well-formed ends the conversation.
type message struct {
	conn *Conn
	rest []byte
	room int // how many bytes its slices, maps and arrays may still take here
}

// roomy is how many bytes these may take in all. A byte of a message can stand for a slice, which has 24.
const roomy = 128 << 20

// hold notes that there are n more values of a type.
func (m *message) hold(n int, t reflect.Type) {
	if size := max(1, int(t.Size())); n > m.room/size {
		m.fail("holds too much")
	} else {
		m.room -= n * size
	}
}

func (m *message) fail(what string) { panic(broken("a message " + what)) }

func (m *message) take(n int) []byte {
	if n > len(m.rest) {
		m.fail("ends too early")
	}
	taken := m.rest[:n]
	m.rest = m.rest[n:]
	return taken
}

func (m *message) uvarint() uint64 {
	n, size := binary.Uvarint(m.rest)
	if size <= 0 {
		m.fail("has a number that is none")
	}
	m.take(size)
	return n
}

func (m *message) float() float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(m.take(8)))
}

// length reads how many elements follow. Each takes a byte at least, unless it is of a type without content.
func (m *message) length(more uint64) (int, bool) {
	n := m.uvarint()
	if n < more {
		return 0, false
	}
	if n -= more; n > uint64(len(m.rest)) {
		m.fail("promises more than it holds")
	}
	return int(n), true
}

// value reads a value of a type that crosses.
func (m *message) value(t reflect.Type) reflect.Value {
	if t == generator {
		draw := m.value(reflect.TypeFor[func() uint64]())
		if draw.IsNil() {
			return reflect.Zero(t)
		}
		return reflect.ValueOf(rand.New(source(draw.Interface().(func() uint64))))
	}
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.Bool:
		v.SetBool(m.take(1)[0] != 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, size := binary.Varint(m.rest)
		if size <= 0 {
			m.fail("has a number that is none")
		}
		m.take(size)
		v.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(m.uvarint())
	case reflect.Float32, reflect.Float64:
		v.SetFloat(m.float())
	case reflect.Complex64, reflect.Complex128:
		re := m.float()
		v.SetComplex(complex(re, m.float()))
	case reflect.String:
		n, _ := m.length(0)
		v.SetString(string(m.take(n)))
	case reflect.Slice:
		if n, some := m.length(1); some {
			m.hold(n, t.Elem())
			v.Set(reflect.MakeSlice(t, 0, min(n, 1<<12))) // it grows with what there is
			for range n {
				v.Set(reflect.Append(v, m.value(t.Elem())))
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).Set(m.value(t.Elem()))
		}
	case reflect.Map:
		if n, some := m.length(1); some {
			m.hold(n, t.Key())
			m.hold(n, t.Elem())
			v.Set(reflect.MakeMap(t))
			for range n {
				key := m.value(t.Key())
				v.SetMapIndex(key, m.value(t.Elem()))
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			v.Field(i).Set(m.value(t.Field(i).Type))
		}
	case reflect.Func:
		if n := m.uvarint(); n > 0 {
			v.Set(m.conn.function(t, binary.AppendUvarint(nil, n)))
		}
	}
	return v
}

// source draws the numbers of a generator from the other side.
type source func() uint64

func (s source) Uint64() uint64 { return s() }

// become makes a slice or map what the other side left of it.
func become(mine, theirs reflect.Value) {
	switch mine.Kind() {
	case reflect.Slice:
		for i := range min(mine.Len(), theirs.Len()) {
			if changes(mine.Type().Elem()) && mine.Index(i).Len() == theirs.Index(i).Len() {
				become(mine.Index(i), theirs.Index(i)) // a row may be held elsewhere as well
				continue
			}
			mine.Index(i).Set(theirs.Index(i))
		}
	case reflect.Map:
		if mine.IsNil() {
			return
		}
		mine.Clear()
		for entry := theirs.MapRange(); entry.Next(); {
			mine.SetMapIndex(entry.Key(), entry.Value())
		}
	}
}
