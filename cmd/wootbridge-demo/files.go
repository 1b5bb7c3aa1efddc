package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
)

// Two recordings of a second: what a phone makes, and what a browser makes in
// Chatwoot.
var (
	//go:embed recordings/customer.ogg
	customerVoice []byte
	//go:embed recordings/agent.mp3
	agentVoice []byte
)

// photo paints a loaf of bread, lighter or darker.
func photo(crust uint8) ([]byte, error) {
	const width, height = 320, 240
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			dx, dy := float64(x-width/2)/130, float64(y-height/2)/75
			shade := color.RGBA{245, 240, 230, 255}
			if d := dx*dx + dy*dy; d < 1 {
				cut := uint8(20 * math.Abs(math.Sin(dx*9+dy*3)))
				shade = color.RGBA{crust + cut, crust/2 + cut + uint8(30*d), 40, 255}
			}
			picture.SetRGBA(x, y, shade)
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, nil); err != nil {
		return nil, fmt.Errorf("paint a photo: %w", err)
	}
	return out.Bytes(), nil
}

// page is a PDF with one line of text.
func page(text string) []byte {
	stream := fmt.Sprintf("BT /F1 24 Tf 60 760 Td (%s) Tj ET", text)
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>",
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(stream), stream),
	}
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(objects))
	for i, object := range objects {
		offsets[i] = out.Len()
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return out.Bytes()
}
