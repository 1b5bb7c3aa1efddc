package content

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// An amount of zero is written where there is none; one that is negative is not hidden.
func TestAmountsAreThereOrNot(t *testing.T) {
	t.Parallel()
	require.Nil(t, thousandths(0, "BRL"))
	require.Nil(t, sum(nil))
	require.Nil(t, sum(&waE2E.Money{Value: proto.Int64(0), CurrencyCode: proto.String("BRL")}))
	require.Equal(t, &Sum{Value: -5, Offset: 1000, Currency: "BRL"}, thousandths(-5, "BRL"))
	require.Equal(t, &Sum{Value: 5, Currency: "BR\uFFFDL"}, sum(&waE2E.Money{Value: proto.Int64(5), CurrencyCode: proto.String("BR\xffL")}))
	for want, m := range map[Sum]*waE2E.RequestPaymentMessage{
		{Value: 45_000, Offset: 1000, Currency: "BRL"}: {CurrencyCodeIso4217: proto.String("BRL"), Amount1000: proto.Uint64(45_000)},
		{Value: 45, Offset: 1, Currency: "USD"}: {
			CurrencyCodeIso4217: proto.String("BRL"), Amount1000: proto.Uint64(1), Amount: &waE2E.Money{Value: proto.Int64(45), Offset: proto.Uint32(1), CurrencyCode: proto.String("USD")},
		},
		{Value: 45, Currency: "BRL"}:                          {CurrencyCodeIso4217: proto.String("BRL"), Amount: &waE2E.Money{Value: proto.Int64(45)}},
		{Value: math.MaxInt64, Offset: 1000, Currency: "BRL"}: {CurrencyCodeIso4217: proto.String("BRL"), Amount1000: proto.Uint64(math.MaxUint64)},
	} {
		decoded, _ := paymentRequest(m)
		require.Equal(t, &want, decoded.(Payment).Amount)
	}
	empty, _ := paymentRequest(&waE2E.RequestPaymentMessage{Amount1000: proto.Uint64(0), ExpiryTimestamp: proto.Int64(0)})
	require.Equal(t, Payment{What: PaymentRequested}, empty)
}

// A time is in seconds, or in milliseconds by mistake, or none.
func TestTimesOfPeople(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 9, 22, 14, 13, 20, 0, time.UTC)
	for stamp, want := range map[int64]time.Time{
		day.Unix(): day, day.UnixMilli(): day, 0: {}, -1: {}, math.MaxInt64: {}, math.MinInt64: {}, 1: time.Unix(1, 0).UTC(),
	} {
		require.Equal(t, want, moment(stamp), stamp)
	}
	for _, stamp := range []int64{1<<36 - 1, 1 << 36, 1<<36*1000 - 1} {
		require.Less(t, moment(stamp).Year(), 5000)
	}
}

// What goes with a payment may be any message: its words count, beside a file too.
func TestTheNoteOfAPayment(t *testing.T) {
	t.Parallel()
	quoted := &waE2E.ContextInfo{StanzaID: proto.String("Q")}
	for want, note := range map[string]*waE2E.Message{
		"a": {ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: proto.String("a"), ContextInfo: quoted}},
		"b": {Conversation: proto.String("b")},
		"c": {ImageMessage: &waE2E.ImageMessage{Caption: proto.String("c"), ContextInfo: quoted}},
		"d": {VideoMessage: &waE2E.VideoMessage{Caption: proto.String("d")}},
		"e": {DocumentMessage: &waE2E.DocumentMessage{Caption: proto.String("e")}},
		"":  {StickerMessage: &waE2E.StickerMessage{}},
	} {
		for name, decode := range map[string]func() (Content, *waE2E.ContextInfo){
			"requested": func() (Content, *waE2E.ContextInfo) {
				return paymentRequest(&waE2E.RequestPaymentMessage{NoteMessage: note})
			},
			"sent": func() (Content, *waE2E.ContextInfo) {
				return paymentSent(&waE2E.SendPaymentMessage{NoteMessage: note, RequestMessageKey: &waCommon.MessageKey{ID: proto.String("R")}})
			},
		} {
			decoded, _ := decode()
			require.Equal(t, want, decoded.(Payment).Note, name)
		}
	}
}

func TestThePictureOfAPaymentIsKept(t *testing.T) {
	t.Parallel()
	at := proto.String("/v/x")
	for name, note := range map[string]*waE2E.Message{
		"a picture": {ImageMessage: &waE2E.ImageMessage{DirectPath: at, Caption: proto.String("thanks")}},
		"a film":    {VideoMessage: &waE2E.VideoMessage{DirectPath: at, Caption: proto.String("thanks")}},
		"a sticker": {StickerMessage: &waE2E.StickerMessage{DirectPath: at}},
	} {
		decoded, _ := paymentSent(&waE2E.SendPaymentMessage{NoteMessage: note})
		require.NotNil(t, Message{Content: decoded}.File(), name)
		require.Empty(t, decoded.(Payment).Picture.Caption, name)
	}
	for name, note := range map[string]*waE2E.Message{
		"nothing": nil, "a text": {Conversation: at}, "a picture nowhere": {ImageMessage: &waE2E.ImageMessage{}},
		"once only":      {VideoMessage: &waE2E.VideoMessage{DirectPath: at, ViewOnce: proto.Bool(true)}},
		"nothing to see": {StickerMessage: &waE2E.StickerMessage{DirectPath: at, IsLottie: proto.Bool(true)}},
	} {
		decoded, _ := paymentRequest(&waE2E.RequestPaymentMessage{NoteMessage: note})
		require.Nil(t, Message{Content: decoded}.File(), name)
	}
}

// Programs pack payments into payments; that goes nowhere.
func TestAPaymentInAPaymentIsNotLookedInto(t *testing.T) {
	t.Parallel()
	m := &waE2E.Message{Conversation: proto.String("deep")}
	for range 1000 {
		m = &waE2E.Message{RequestPaymentMessage: &waE2E.RequestPaymentMessage{NoteMessage: m}}
	}
	decoded, _ := decodeContent(m, 0)
	require.Equal(t, Payment{What: PaymentRequested}, decoded)
}

// A file that goes with a product or an invoice is the message's, and can be looked for
// at another place.
func TestWhatIsShownWithAFileHasIt(t *testing.T) {
	t.Parallel()
	at := &waE2E.ImageMessage{DirectPath: proto.String("/v/x"), Mimetype: proto.String("image/png"), Caption: proto.String("not ours")}
	for name, m := range map[string]*waE2E.Message{
		"a product":   {ProductMessage: &waE2E.ProductMessage{Product: &waE2E.ProductMessage_ProductSnapshot{ProductImage: at}}},
		"a catalogue": {ProductMessage: &waE2E.ProductMessage{Catalog: &waE2E.ProductMessage_CatalogSnapshot{CatalogImage: at}}},
		"an invoice":  {InvoiceMessage: &waE2E.InvoiceMessage{AttachmentDirectPath: proto.String("/v/x"), AttachmentMediaKey: []byte{1}, AttachmentType: waE2E.InvoiceMessage_IMAGE.Enum()}},
		"a PDF":       {InvoiceMessage: &waE2E.InvoiceMessage{AttachmentDirectPath: proto.String("/v/x"), AttachmentMediaKey: []byte{1}, AttachmentType: waE2E.InvoiceMessage_PDF.Enum()}},
	} {
		decoded, _ := decodeContent(m, 0)
		file := Message{Content: decoded}.File()
		require.NotNil(t, file, name)
		moved := file.MovedTo("/v/y").Source().(interface{ GetDirectPath() string })
		require.Equal(t, "/v/y", moved.GetDirectPath(), name)
		require.Empty(t, Message{Content: decoded}.Media(0).Caption, name)
	}
	for name, m := range map[string]*waE2E.Message{
		"a product without a picture": {ProductMessage: &waE2E.ProductMessage{Product: &waE2E.ProductMessage_ProductSnapshot{ProductImage: &waE2E.ImageMessage{}}}},
		"no product":                  {ProductMessage: &waE2E.ProductMessage{}},
		"an invoice without a key":    {InvoiceMessage: &waE2E.InvoiceMessage{AttachmentDirectPath: proto.String("/v/x")}},
		"a text":                      {Conversation: proto.String("x")},
	} {
		decoded, _ := decodeContent(m, 0)
		require.Nil(t, Message{Content: decoded}.File(), name)
	}
}

func TestAProductLeadsToTheSellersPageOrTheCatalogue(t *testing.T) {
	t.Parallel()
	product := func(id, address, signed string) *waE2E.ProductMessage_ProductSnapshot {
		return &waE2E.ProductMessage_ProductSnapshot{ProductID: &id, URL: &address, SignedURL: &signed}
	}
	for want, x := range map[string]*waE2E.ProductMessage{
		"https://a.example":               {BusinessOwnerJID: proto.String("551@s.whatsapp.net"), Product: product("1", "https://a.example", "https://b.example")},
		"https://b.example":               {BusinessOwnerJID: proto.String("551@s.whatsapp.net"), Product: product("1", "", "https://b.example")},
		"https://wa.me/p/12/551199":       {BusinessOwnerJID: proto.String("551199:3@s.whatsapp.net"), Product: product("12", "", "")},
		"https://wa.me/c/551199":          {BusinessOwnerJID: proto.String("551199@s.whatsapp.net"), Catalog: &waE2E.ProductMessage_CatalogSnapshot{}},
		"":                                {BusinessOwnerJID: proto.String("1@lid"), Product: product("12", "", "")},
		"https://wa.me/p/12/" + "5511990": {BusinessOwnerJID: proto.String("5511990@s.whatsapp.net"), Product: product("12", "", "")},
	} {
		decoded := decodedProduct(x)
		require.Equal(t, want, decoded.URL)
	}
	for _, x := range []*waE2E.ProductMessage{
		{BusinessOwnerJID: proto.String("a/b@s.whatsapp.net"), Product: product("12", "", "")},
		{BusinessOwnerJID: proto.String("55@s.whatsapp.net"), Product: product("../x", "", "")},
		{BusinessOwnerJID: proto.String("55"), Catalog: &waE2E.ProductMessage_CatalogSnapshot{}},
	} {
		require.Empty(t, decodedProduct(x).URL)
	}
}

func decodedProduct(x *waE2E.ProductMessage) Product {
	decoded, _ := product(x)
	return decoded.(Product)
}

// What is not taken over of too many parts does not go without a word.
func TestMorePartsOfABillAreTold(t *testing.T) {
	t.Parallel()
	for n, more := range map[int]bool{0: false, mostOptions: false, mostOptions + 1: true, 10_000: true} {
		bill, _ := splitBill(&waE2E.SplitPaymentMessage{Participants: make([]*waE2E.SplitPaymentParticipant, n)})
		require.Len(t, bill.(SplitBill).Parts, min(n, mostOptions))
		require.Equal(t, more, bill.(SplitBill).More)
		result, _ := pollResult(&waE2E.PollResultSnapshotMessage{PollVotes: make([]*waE2E.PollResultSnapshotMessage_PollVote, n)})
		require.Len(t, result.(PollResult).Votes, min(n, mostOptions))
		require.Equal(t, more, result.(PollResult).More)
	}
}

func TestACodeOfAnInvitationIsALinkOrIsNot(t *testing.T) {
	t.Parallel()
	for code, isLink := range map[string]bool{
		"": false, "AbCdEfGhIjKlMnOp": false, "AbCdEfGhIjKlMnOpQrSt": true, "AbCdEfGhIjKlMnOpQr-_tU": true,
		"AbCdEfGhIjKlMnOpQrSt/../x": false, "AbCdEfGhIjKlMnOpQrSt)": false, strings.Repeat("a", 33): false, "AbCdEfGhIjKlMnOpQ\nSt": false,
	} {
		require.Equal(t, isLink, inviteLink(code) != "", code)
	}
}

func TestAnEventWithoutCoordinatesIsNotInTheSea(t *testing.T) {
	t.Parallel()
	for _, at := range []*waE2E.LocationMessage{
		nil, {}, {DegreesLatitude: proto.Float64(0), DegreesLongitude: proto.Float64(0)}, {DegreesLatitude: proto.Float64(math.NaN()), DegreesLongitude: proto.Float64(1e308)},
	} {
		decoded, _ := calendarEvent(&waE2E.EventMessage{Location: at})
		require.Nil(t, decoded.(Event).Point)
	}
	decoded, _ := calendarEvent(&waE2E.EventMessage{Location: &waE2E.LocationMessage{DegreesLatitude: proto.Float64(-23.5)}})
	require.Equal(t, &Point{Latitude: -23.5}, decoded.(Event).Point)
}

// A code is told of only where WhatsApp says that it is one.
func TestAPlaceholderIsACodeOnlyIfItSaysSo(t *testing.T) {
	t.Parallel()
	decoded, _ := placeholder(&waE2E.PlaceholderMessage{Type: waE2E.PlaceholderMessage_MASK_LINKED_DEVICES.Enum()})
	require.Equal(t, Told{Kind: OneTimeCode}, decoded)
	decoded, _ = placeholder(&waE2E.PlaceholderMessage{})
	require.Equal(t, Told{Kind: PhoneOnly}, decoded)
}

// A sticker that sounds is both, wherever the sound is.
func TestAStickerThatSoundsIsBoth(t *testing.T) {
	t.Parallel()
	still := func() *waE2E.StickerMessage {
		return &waE2E.StickerMessage{DirectPath: proto.String("/v/s"), Mimetype: proto.String("image/webp")}
	}
	sound := &waE2E.AudioMessage{DirectPath: proto.String("/v/a"), Mimetype: proto.String("audio/ogg"), PTT: proto.Bool(true)}
	within := still()
	within.Audio = &waE2E.StickerMessage_AudioMessage{AudioMessage: sound}
	wrapped := func(m *waE2E.Message) *waE2E.Message {
		return &waE2E.Message{AudioStickerMessage: &waE2E.FutureProofMessage{Message: m}}
	}
	for name, m := range map[string]*waE2E.Message{
		"bare":            {StickerMessage: within},
		"wrapped":         wrapped(&waE2E.Message{StickerMessage: within}),
		"beside":          wrapped(&waE2E.Message{StickerMessage: still(), AudioMessage: sound}),
		"in two wrappers": wrapped(&waE2E.Message{LottieStickerMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{StickerMessage: within}}}),
	} {
		decoded, _ := decodeContent(m, 0)
		require.IsType(t, SoundSticker{}, decoded, name)
		require.Equal(t, Sticker, decoded.(SoundSticker).Sticker.Kind, name)
		require.Equal(t, Voice, decoded.(SoundSticker).Sound.Kind, name)
		require.Equal(t, "/v/s", Message{Content: decoded}.File().Source().(*waE2E.StickerMessage).GetDirectPath(), name)
		require.Equal(t, "/v/a", Message{Content: decoded, Part: 1}.File().Source().(*waE2E.AudioMessage).GetDirectPath(), name)
	}
	silent, _ := decodeContent(wrapped(&waE2E.Message{StickerMessage: still()}), 0)
	require.Equal(t, Sticker, silent.(Media).Kind)
	alone, _ := decodeContent(wrapped(&waE2E.Message{AudioMessage: sound}), 0)
	require.Equal(t, Voice, alone.(Media).Kind)
	empty, _ := decodeContent(wrapped(nil), 0)
	require.Equal(t, Unsupported{Name: "audioStickerMessage"}, empty)
}
