// Package convert turns the files that agents attach into what WhatsApp plays
// and shows: recordings into voice notes, pictures into JPEG, films into MP4,
// with the previews and lengths that phones expect beside them.
//
// ffmpeg is optional. Without it, and whenever it fails, hangs or writes
// something useless, a file goes out as it is: as what WhatsApp can play of it,
// and otherwise as a document under its own name. A failed conversion is never
// an error of the message.
//
// Every run of ffmpeg has a time limit, a folder of its own that is removed
// afterwards, a limit for what it writes, and is ended together with whatever
// it has started. Only few run at a time. A Converter may be used by several
// goroutines.
package convert
