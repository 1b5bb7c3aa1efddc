package main

import (
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// kinds are messages that are more than text and files, as phones send them.
func kinds() []line {
	friday := time.Date(2030, 6, 7, 18, 0, 0, 0, time.UTC)
	card := "BEGIN:VCARD\nVERSION:3.0\nN:;João;;;\nFN:João\nTEL;type=CELL;waid=5521977770003:+55 21 97777-0003\nEND:VCARD"
	return []line{
		kind("location", "📍 **Maria's place**\nRua das Flores 5\n[Open map](https://maps.google.com/?q=-22.9068,-43.1729)", 0, &waE2E.Message{LocationMessage: &waE2E.LocationMessage{
			DegreesLatitude: proto.Float64(-22.9068), DegreesLongitude: proto.Float64(-43.1729), Name: proto.String("Maria's place"), Address: proto.String("Rua das Flores 5"),
		}}),
		kind("contact João", "👤 **João**\n+55 21 97777-0003", 1, &waE2E.Message{ContactMessage: &waE2E.ContactMessage{DisplayName: proto.String("João"), Vcard: &card}}),
		kind("poll", "📊 **Which cake for Friday?**\n☐ Chocolate\n☐ Carrot\n*One answer*", 0, &waE2E.Message{PollCreationMessageV3: &waE2E.PollCreationMessage{
			Name: proto.String("Which cake for Friday?"), SelectableOptionsCount: proto.Uint32(1),
			Options: []*waE2E.PollCreationMessage_Option{{OptionName: proto.String("Chocolate")}, {OptionName: proto.String("Carrot")}},
		}}),
		kind("choice of a menu", "☑ **Rye bread**\n500 g", 0, &waE2E.Message{ListResponseMessage: &waE2E.ListResponseMessage{
			Title: proto.String("Rye bread"), Description: proto.String("500 g"), ListType: waE2E.ListResponseMessage_SINGLE_SELECT.Enum(),
			SingleSelectReply: &waE2E.ListResponseMessage_SingleSelectReply{SelectedRowID: proto.String("rye")},
		}}),
		kind("order", "🛒 **Order 1001** · R$ 11.80\nCorner Bakery\nItems: 2\n\nFor Friday, please", 0, &waE2E.Message{OrderMessage: &waE2E.OrderMessage{
			OrderID: proto.String("1001"), ItemCount: proto.Int32(2), OrderTitle: proto.String("Corner Bakery"), Message: proto.String("For Friday, please"),
			TotalAmount1000: proto.Int64(11_800), TotalCurrencyCode: proto.String("BRL"), Status: waE2E.OrderMessage_INQUIRY.Enum(),
		}}),
		kind("event", "📅 **Bread tasting**\n7 June 2030, 18:00\nCorner Bakery", 0, &waE2E.Message{EventMessage: &waE2E.EventMessage{
			Name: proto.String("Bread tasting"), StartTime: proto.Int64(friday.Unix()), Location: &waE2E.LocationMessage{Name: proto.String("Corner Bakery")},
		}}),
		kind("invitation to a group", "👥 **Invitation to the group “Bread lovers”**\nOpen it on the phone.\nExpires 7 June 2030", 0, &waE2E.Message{GroupInviteMessage: &waE2E.GroupInviteMessage{
			GroupJID: proto.String("120363000000000001@g.us"), InviteCode: proto.String("AbCdEfGh"), GroupName: proto.String("Bread lovers"), InviteExpiration: proto.Int64(friday.Unix()),
		}}),
		kind("view-once photo", "🔒 **View-once photo**\nIt can only be opened on the phone.", 0, &waE2E.Message{ViewOnceMessageV2: &waE2E.FutureProofMessage{
			Message: &waE2E.Message{ImageMessage: &waE2E.ImageMessage{Mimetype: proto.String("image/jpeg"), ViewOnce: proto.Bool(true), MediaKey: make([]byte, 32), DirectPath: proto.String("/v/once")}},
		}}),
	}
}

func kind(name, chatwoot string, attached int, m *waE2E.Message) line {
	return line{by: customer, phone: "[" + name + "]", chatwoot: chatwoot, message: m, attached: attached}
}
