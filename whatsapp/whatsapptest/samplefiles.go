package whatsapptest

import (
	"bytes"
	"embed"
	"fmt"
	"strings"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A small file of each kind.
//
//go:embed samplefiles
var sampleFiles embed.FS

// sampleFileKinds are the parts of messages that are files.
var sampleFileKinds = map[protoreflect.Name]whatsmeow.MediaType{
	"ImageMessage": whatsmeow.MediaImage, "StickerMessage": whatsmeow.MediaImage, "VideoMessage": whatsmeow.MediaVideo,
	"AudioMessage": whatsmeow.MediaAudio, "DocumentMessage": whatsmeow.MediaDocument,
}

// sampleFile is content for a type of file.
func sampleFile(mimetype string) ([]byte, error) {
	mimetype, _, _ = strings.Cut(strings.ToLower(mimetype), ";")
	name := map[string]string{
		"image/jpeg": "picture.jpg", "image/png": "picture.png", "image/webp": "picture.webp",
		"video/mp4": "film.mp4", "audio/mpeg": "sound.mp3", "audio/ogg": "sound.ogg",
	}[strings.TrimSpace(mimetype)]
	switch {
	case name != "":
		return sampleFiles.ReadFile("samplefiles/" + name)
	case mimetype == "application/pdf":
		return []byte("%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"), nil
	case mimetype == "application/zip", mimetype == "application/was", strings.Contains(mimetype, "openxmlformats"):
		return append([]byte("PK\x05\x06"), make([]byte, 18)...), nil // an archive of nothing
	}
	return []byte("A sample.\n"), nil
}

// uploadSample puts a file behind every part of the message that is one, and counts
// them. What a message quotes is left alone, and what has no key is no file.
func (s *Server) uploadSample(m *waE2E.Message, given []byte) (int, error) {
	count := 0
	var visit func(at protoreflect.Message) error
	visit = func(at protoreflect.Message) error {
		if kind, ok := sampleFileKinds[at.Descriptor().Name()]; ok && len(bytesOf(at, "mediaKey")) > 0 {
			if err := s.uploadPart(at, kind, given); err != nil {
				return err
			}
			count++
		}
		if invoice, ok := at.Interface().(*waE2E.InvoiceMessage); ok && len(invoice.GetAttachmentMediaKey()) > 0 {
			if err := s.uploadInvoice(invoice, given); err != nil {
				return err
			}
			count++
		}
		var err error
		at.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
			switch {
			case field.Message() == nil || field.IsMap() || field.Name() == "quotedMessage":
			case field.IsList():
				for i := range value.List().Len() {
					if err = visit(value.List().Get(i).Message()); err != nil {
						break
					}
				}
			default:
				err = visit(value.Message())
			}
			return err == nil
		})
		return err
	}
	return count, visit(m.ProtoReflect())
}

func (s *Server) uploadPart(at protoreflect.Message, kind whatsmeow.MediaType, content []byte) error {
	if content == nil {
		var err error
		if content, err = sampleFile(at.Get(at.Descriptor().Fields().ByName("mimetype")).String()); err != nil {
			return fmt.Errorf("make a file for the sample: %w", err)
		}
	}
	file, err := s.upload(kind, bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("upload the sample's file: %w", err)
	}
	for name, value := range map[protoreflect.Name]any{
		"URL": file.url, "directPath": file.path, "mediaKey": file.key, "fileSHA256": file.sum, "fileEncSHA256": file.encSum, "fileLength": file.size,
	} {
		if field := at.Descriptor().Fields().ByName(name); field != nil {
			at.Set(field, protoreflect.ValueOf(value))
		}
	}
	return nil
}

// uploadInvoice puts a file behind an invoice, which describes it in fields of its own.
func (s *Server) uploadInvoice(x *waE2E.InvoiceMessage, given []byte) error {
	file, kind := &waE2E.DocumentMessage{Mimetype: x.AttachmentMimetype}, whatsmeow.MediaDocument
	if strings.HasPrefix(x.GetAttachmentMimetype(), "image/") {
		kind = whatsmeow.MediaImage
	}
	if err := s.uploadPart(file.ProtoReflect(), kind, given); err != nil {
		return err
	}
	x.AttachmentDirectPath, x.AttachmentMediaKey = file.DirectPath, file.MediaKey
	x.AttachmentFileSHA256, x.AttachmentFileEncSHA256 = file.FileSHA256, file.FileEncSHA256
	return nil
}

func bytesOf(at protoreflect.Message, name protoreflect.Name) []byte {
	field := at.Descriptor().Fields().ByName(name)
	if field == nil {
		return nil
	}
	return at.Get(field).Bytes()
}
