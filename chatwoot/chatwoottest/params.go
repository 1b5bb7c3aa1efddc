package chatwoottest

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
)

const maxFields = 8 << 20

// params are the parameters of a request: its JSON body or the fields of a
// multipart body. Files are on disk by the time a handler sees them.
type params struct {
	object
	files map[string][]*blob // by field name
}

// discard removes the files that no record took over.
func (p *params) discard(store *fileStore, kept map[*blob]bool) {
	for _, list := range p.files {
		for _, b := range list {
			if !kept[b] {
				store.remove(b)
			}
		}
	}
}

func readParams(r *http.Request, store *fileStore) (*params, error) {
	p := &params{files: map[string][]*blob{}}
	kind, attrs, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "multipart/form-data" {
		return p, p.readMultipart(multipart.NewReader(r.Body, attrs["boundary"]), store)
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxFields))
	if err != nil {
		return p, fmt.Errorf("read the request: %w", err)
	}
	if len(raw) == 0 || kind != "application/json" {
		return p, nil
	}
	value, err := parseJSON(raw)
	if err != nil {
		return p, &apiError{status: http.StatusBadRequest, body: obj("status", 400, "error", "Bad Request")}
	}
	p.object = hash(value)
	return p, nil
}

func (p *params) readMultipart(parts *multipart.Reader, store *fileStore) error {
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the multipart body: %w", err)
		}
		name, file, isFile := disposition(part.Header)
		switch {
		case isFile && file == "":
			// Rack drops a part with an empty file name without a word.
			_, err = io.Copy(io.Discard, part)
		case isFile:
			var b *blob
			if b, err = store.save(file, part.Header.Get("Content-Type"), part); err == nil {
				name = strings.TrimSuffix(name, "[]")
				p.files[name] = append(p.files[name], b)
			}
		default:
			var text []byte
			if text, err = io.ReadAll(io.LimitReader(part, maxFields)); err == nil {
				p.field(name, string(text))
			}
		}
		if err != nil {
			return err
		}
	}
}

// field stores one text field: a[b] becomes a nested object, a[] a list.
func (p *params) field(name, value string) {
	outer, inner, nested := strings.Cut(strings.TrimSuffix(name, "]"), "[")
	switch {
	case !nested:
		p.object = p.object.set(name, value)
	case inner == "":
		list, _ := p.get(outer).([]any)
		p.object = p.object.set(outer, append(list, value))
	default:
		p.object = p.object.set(outer, hash(p.get(outer)).set(inner, value))
	}
}

// disposition reads the field and file name of a part as Rack does: a quoted
// value ends at the first quote without a backslash, whatever follows.
func disposition(h textproto.MIMEHeader) (name, file string, isFile bool) {
	header := h.Get("Content-Disposition")
	name, _ = quotedParam(header, "name=")
	file, isFile = quotedParam(header, "filename=")
	return name, file, isFile
}

func quotedParam(header, key string) (string, bool) {
	rest := header
	for {
		i := strings.Index(rest, key)
		if i < 0 {
			return "", false
		}
		if i > 0 && (rest[i-1] == ' ' || rest[i-1] == ';') {
			rest = rest[i+len(key):]
			break
		}
		rest = rest[i+len(key):]
	}
	if !strings.HasPrefix(rest, `"`) {
		value, _, _ := strings.Cut(rest, ";")
		return strings.TrimSpace(value), true
	}
	var b strings.Builder
	for i := 1; i < len(rest) && rest[i] != '"'; i++ {
		if rest[i] == '\\' && i+1 < len(rest) {
			i++
		}
		b.WriteByte(rest[i])
	}
	return b.String(), true
}
