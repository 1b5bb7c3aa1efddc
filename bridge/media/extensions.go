package media

import (
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// extensions are fixed here, so that they are the same on machines with and
// without a MIME table of their own.
var extensions = map[string]string{
	"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/bmp": ".bmp", "image/heic": ".heic",
	"image/heif": ".heif", "image/tiff": ".tiff", "image/svg+xml": ".svg", "image/avif": ".avif",
	"video/mp4": ".mp4", "video/3gpp": ".3gp", "video/webm": ".webm", "video/quicktime": ".mov", "video/x-matroska": ".mkv", "video/mpeg": ".mpg",
	"video/x-msvideo": ".avi",
	"audio/ogg":       ".ogg", "audio/mpeg": ".mp3", "audio/mp4": ".m4a", "audio/aac": ".aac", "audio/amr": ".amr", "audio/wav": ".wav", "audio/webm": ".weba",
	"audio/flac":      ".flac",
	"application/pdf": ".pdf", "application/zip": ".zip", "text/plain": ".txt", "text/vcard": ".vcf", "text/csv": ".csv", "application/json": ".json",
	"text/html": ".html", "text/xml": ".xml", "application/xml": ".xml", "text/calendar": ".ics", "text/rtf": ".rtf", "application/rtf": ".rtf",
	"application/msword": ".doc", "application/vnd.ms-excel": ".xls", "application/vnd.ms-powerpoint": ".ppt",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   ".docx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         ".xlsx",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
	"application/vnd.oasis.opendocument.text":                                   ".odt",
	"application/vnd.oasis.opendocument.spreadsheet":                            ".ods",
	"application/vnd.android.package-archive":                                   ".apk",
	"application/vnd.rar": ".rar", "application/x-rar-compressed": ".rar", "application/x-7z-compressed": ".7z",
	"application/gzip": ".gz", "application/x-tar": ".tar", "application/epub+zip": ".epub", "application/x-msdownload": ".exe",
}

// Extension is the fixed extension of a type, with its dot, or "".
func Extension(t string) string {
	if extension, ok := extensions[t]; ok {
		return extension
	}
	if known := mimetype.Lookup(t); known != nil {
		return known.Extension()
	}
	return ""
}

// knownExtensions are the extensions that people's programs give. What else
// follows a full stop may be a surname, a date or a version.
var knownExtensions = listed(
	// documents
	`pdf doc docx docm dot dotx dotm rtf odt ott fodt wpd wps abw tex bib epub mobi azw azw3 djvu xps oxps ps eps
	xls xlsx xlsm xlsb xlt xltx xltm ods ots fods csv tsv dif slk ppt pptx pptm pps ppsx ppsm pot potx potm odp otp
	vsd vsdx vsdm odg otg odf odb onetoc2 mpp mppx msg eml emlx mbox pst ost oft ics ical ifb vcf vcard p7s p7m p7b p7c
	txt text md markdown rst adoc nfo srt vtt sub ass ssa lrc hwp hwpx gdoc gsheet gslides webloc url lnk torrent chm`,
	// data and programs' texts
	`json jsonl ndjson json5 geojson xml xsd xsl xslt dtd html htm xhtml mht mhtml shtml css scss sass less js mjs cjs tsx jsx vue
	yaml yml toml ini cfg conf properties plist sql sqlite sqlite3 db db3 mdb accdb dbf parquet avro graphql
	cc cpp cxx hpp hxx cs py pyc ipynb rb php java jar kt kts mm pl lua rmd jl scala groovy dart
	sh bash zsh bat cmd ps1 psm1 vbs asp aspx jsp vb bas f90 asm diff patch tf wasm
	cnab ofx qif qfx qbo nfe xsig sped rdp ovpn ica pem crt cer csr p12 pfx jks kdbx asc gpg pgp sig`,
	// pictures
	`jpg jpeg jpe jfif pjpeg png apng gif webp bmp dib heic heif hif avif jxl tif tiff svg svgz ico icns psd psb ai indd idml xcf kra
	dng cr2 cr3 crw nef nrw arw srf sr2 orf rw2 raf pef srw x3f jp2 j2k jpf jpx pcx tga ppm pgm pbm pnm exr hdr dds wmf emf cdr
	xd afdesign afphoto afpub procreate cpt drw was`,
	// sound
	`mp3 m4a m4b m4p m4r aac ogg oga opus wav wave weba flac alac aif aiff aifc amr awb wma mid midi kar mka ac3 eac3 dts wv tta
	caf gsm 3ga mp2 mp1 mpga ram voc m3u m3u8 pls spx`,
	// films
	`mp4 m4v mov qt webm mkv avi wmv flv f4v mpg mpeg mpe m2v m1v mpv 3gp 3gpp 3g2 3gpp2 ogv ogm ogx mts m2ts vob asf rm rmvb divx
	mxf swf prproj aep drp`,
	// archives and packages
	`zip zipx rar 7z tar gz tgz bz2 tbz tbz2 xz txz lz lzma lz4 zst tzst z arj lzh lha ace iso img dmg vhd vhdx vmdk ova ovf bin
	apk apks xapk aab ipa exe msi msix msu dll sys scr deb rpm pkg appimage flatpak snap crx xpi bak tmp crypt12 crypt14 crypt15`,
	// drawings, models, maps, letters
	`dwg dxf dwf dwt dgn rvt rfa ifc skp stl obj mtl fbx dae 3ds 3dm 3mf blend gltf glb stp iges igs sldprt sldasm slddrw ipt iam
	catpart catproduct f3d f3z gcode plt gpx kml kmz tcx fit shp shx prj las laz ttf ttc woff woff2 eot fnt pfb
	pkpass usdz dcm dicom nii gbr brd pcb`,
)

// wordExtensions are words, initials or parts of addresses as well. They count
// where the type does not say better what the file is.
var wordExtensions = listed(`c h m r d go rs pm ts war class swift lock map rem ret key one pages numbers pub old backup com der step
	sketch fig raw cur ape au ra mod tod dv part sch snd otf proto latex prt cab env log`)

func listed(groups ...string) map[string]bool {
	all := map[string]bool{}
	for _, group := range groups {
		for _, extension := range strings.Fields(group) {
			all[extension] = true
		}
	}
	return all
}
