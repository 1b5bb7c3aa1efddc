package chatwoot

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"strings"
)

// multipartBody is a form with files that are streamed: its length is known
// beforehand, and no file is ever held in memory.
type multipartBody struct {
	files    []filePart
	tail     []byte
	boundary string
	size     int64
}

// filePart is a file, and what of the form stands before it.
type filePart struct {
	head   []byte
	upload *Upload
}

// field is a plain value of a form.
type field struct{ name, value string }

func newMultipart(fields []field, fileField string, uploads []*Upload) (*multipartBody, error) {
	var frame bytes.Buffer
	w := multipart.NewWriter(&frame)
	for _, f := range fields {
		if err := w.WriteField(f.name, f.value); err != nil {
			return nil, fmt.Errorf("write form: %w", err)
		}
	}
	body := &multipartBody{boundary: w.Boundary()}
	written := func() []byte {
		part := bytes.Clone(frame.Bytes())
		frame.Reset()
		body.size += int64(len(part))
		return part
	}
	for _, upload := range uploads {
		if strings.TrimSpace(upload.Name) == "" {
			return nil, ErrNoFileName
		}
		// The part's declared type decides what the bubble becomes.
		header := textproto.MIMEHeader{}
		header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, fileField, quoteName(upload.Name)))
		header.Set("Content-Type", upload.ContentType)
		if _, err := w.CreatePart(header); err != nil {
			return nil, fmt.Errorf("write form: %w", err)
		}
		body.files = append(body.files, filePart{written(), upload})
		body.size += upload.Size
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("write form: %w", err)
	}
	body.tail = written()
	return body, nil
}

// quoteName writes a file name as browsers do: UTF-8 as it is, and the three
// characters that would end the quotes percent-encoded.
func quoteName(name string) string {
	return strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A").Replace(name)
}

func (m *multipartBody) contentType() string { return "multipart/form-data; boundary=" + m.boundary }

// reader gives the body once. Each file is opened at its first read; one that
// is shorter or longer than it was said to be is an error, not a broken form.
func (m *multipartBody) reader() io.ReadCloser {
	r, w := io.Pipe()
	go func() { w.CloseWithError(m.write(w)) }() // ends when r is closed or read to the end
	return r
}

func (m *multipartBody) write(w io.Writer) error {
	for _, file := range m.files {
		if err := file.write(w); err != nil {
			return err
		}
	}
	_, err := w.Write(m.tail)
	return err
}

func (p filePart) write(w io.Writer) error {
	if _, err := w.Write(p.head); err != nil {
		return err
	}
	file, err := p.upload.Open()
	if err != nil {
		return fmt.Errorf("open the file to upload: %w", err)
	}
	defer file.Close()
	if _, err := io.CopyN(w, file, p.upload.Size); err != nil {
		return fmt.Errorf("read the file to upload: %w", err)
	}
	return nil
}
