package chatwoottest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
)

// object is a JSON object that keeps the order of its keys. Chatwoot's
// answers and webhooks have a fixed order, and attributes sent by a client
// come back in an order that depends on the column they are stored in.
type object []member

type member struct {
	key   string
	value any
}

// obj builds an object from alternating keys and values.
func obj(pairs ...any) object {
	o := make(object, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		o = append(o, member{pairs[i].(string), pairs[i+1]})
	}
	return o
}

// with returns the object followed by further alternating keys and values.
func (o object) with(pairs ...any) object {
	return append(o[:len(o):len(o)], obj(pairs...)...)
}

// get returns the value of a key, nil when it is absent.
func (o object) get(key string) any {
	v, _ := o.lookup(key)
	return v
}

func (o object) lookup(key string) (any, bool) {
	for _, m := range o {
		if m.key == key {
			return m.value, true
		}
	}
	return nil, false
}

// set replaces the value of a key in place or appends the pair.
func (o object) set(key string, value any) object {
	out := make(object, 0, len(o)+1)
	found := false
	for _, m := range o {
		if m.key == key {
			m.value, found = value, true
		}
		out = append(out, m)
	}
	if !found {
		out = append(out, member{key, value})
	}
	return out
}

// without returns the object less one key.
func (o object) without(key string) object {
	out := make(object, 0, len(o))
	for _, m := range o {
		if m.key != key {
			out = append(out, m)
		}
	}
	return out
}

// leading returns the object with some of its keys first.
func (o object) leading(keys ...string) object {
	out := make(object, 0, len(o))
	for _, k := range keys {
		if v, ok := o.lookup(k); ok && !out.has(k) {
			out = append(out, member{k, v})
		}
	}
	for _, m := range o {
		if !out.has(m.key) {
			out = append(out, m)
		}
	}
	return out
}

func (o object) has(key string) bool {
	_, ok := o.lookup(key)
	return ok
}

// merge is Ruby's Hash#merge: known keys keep their place.
func (o object) merge(other object) object {
	for _, m := range other {
		o = o.set(m.key, m.value)
	}
	return o
}

// stored returns the object as Postgres' jsonb gives it back: keys by length,
// then by bytes. A json column keeps the order and needs no such call.
func (o object) stored() object {
	out := append(object{}, o...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i].key, out[j].key
		if len(a) != len(b) {
			return len(a) < len(b)
		}
		return a < b
	})
	return out
}

// MarshalJSON writes the members in order. encoding/json escapes <, >, &,
// U+2028 and U+2029 as Rails does.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, fmt.Errorf("marshal %s: %w", m.key, err)
		}
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads an object, keeping the order at every depth.
func (o *object) UnmarshalJSON(data []byte) error {
	v, err := parseJSON(data)
	if err != nil {
		return err
	}
	got, ok := v.(object)
	if !ok {
		return fmt.Errorf("want a JSON object, got %T", v)
	}
	*o = got
	return nil
}

// parseJSON reads one JSON value into object, []any, string, json.Number,
// bool or nil.
func parseJSON(data []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := parseValue(dec)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("trailing data after JSON value")
	}
	return v, nil
}

func parseValue(dec *json.Decoder) (any, error) {
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		return tok, nil
	}
	if delim == '[' {
		list := []any{}
		for dec.More() {
			v, err := parseValue(dec)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = dec.Token()
		return list, err
	}
	o := object{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		v, err := parseValue(dec)
		if err != nil {
			return nil, err
		}
		o = o.set(key.(string), v)
	}
	_, err = dec.Token()
	return o, err
}
