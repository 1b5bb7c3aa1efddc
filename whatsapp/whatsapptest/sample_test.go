package whatsapptest_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

const (
	sampleVote = `{"info":{"id":"AC02","chat":"200000000000002@lid","sender":"200000000000002@lid","sender_alt":"5511999990002@s.whatsapp.net","type":"poll"},
		"message":{"pollUpdateMessage":{"pollCreationMessageKey":{"remoteJID":"200000000000002@lid","ID":"AC01"},"vote":{"encPayload":"","encIV":"ZmZmZmZmZmZmZmZm"}}},
		"encryption":{"orig_id":"AC01","orig_sender":"200000000000002@lid","sender":"200000000000002@lid","secret":"REREREREREREREREREREREREREREREREREREREREREQ=",
			"use_case":"Poll Vote","into":"pollUpdateMessage.vote"},
		"decrypted":{"message":{"selectedOptions":["rcI8Izf55Rd/iIQnyIgi5dXjCNwncEpQjqVkd4WBa9s="]},"option_names":["Segunda"],"type":"PollVoteMessage"}}`
	sampleCall = `{"message":null,"node":{"Tag":"call","Attrs":{"from":"200000000000002@lid","id":"1000000003","t":"1790000000"},"Content":[
		{"Tag":"offer","Attrs":{"call-creator":"200000000000002@lid","call-id":"7EDB","caller_pn":"5511999990002@s.whatsapp.net"},"Content":[{"Tag":"audio","Attrs":{"enc":"opus"}}]}]}}`
	sampleInGroup = `{"info":{"chat":"120363000000000001@g.us","sender":"300000000000003@lid","addressing_mode":"lid"},
		"message":{"conversation":"for @200000000000002 and @100000000000001"}}`
	sampleTyped   = `{"info":{"id":"AC09","from_me":true,"chat":"200000000000002@lid"},"message":{"conversation":"typed on the phone"}}`
	sampleUnknown = `{"info":{"chat":"5511999990002"},"message":{},"proto":"in0Ebm92bw=="}`
	sampleBroken  = `{"info":{"id":"AC08","trouble":"undecryptable"},"message":null}`
)

func TestSamplesArriveAsTheyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(w.srv.ControlHandler())
	t.Cleanup(server.Close)
	control := whatsapptest.Control{BaseURL: server.URL, Client: server.Client()}
	ctx := context.Background()
	_, err := control.SendSample(ctx, "", []byte(sampleTyped), whatsapptest.SampleOptions{})
	require.ErrorContains(t, err, "no client is linked")

	c := newClient(t, w.srv, safely)
	require.NoError(t, c.cli.Connect())
	require.NoError(t, control.ScanQR(ctx, w.phone.Number(), await(c, anyOf[*events.QR]).Codes[0]))
	await(c, anyOf[*events.Connected])
	require.NoError(t, w.phone.Companion().WaitOnline(patience))
	send := func(sample string, o whatsapptest.SampleOptions) whatsapptest.SampleSent {
		sent, err := control.SendSample(ctx, "", []byte(sample), o)
		require.NoError(t, err)
		return sent
	}

	vote := c.awaitID(send(sampleVote, whatsapptest.SampleOptions{Original: true}).ID)
	ana := w.srv.Peer("5511999990002")
	require.Equal(t, ana.LID(), vote.Info.Sender)
	require.Equal(t, ana.JID(), vote.Info.SenderAlt)
	require.Equal(t, ana.LID().String(), vote.Message.GetPollUpdateMessage().GetPollCreationMessageKey().GetRemoteJID())
	chosen, err := c.cli.DecryptPollVote(ctx, vote)
	require.NoError(t, err)
	require.Len(t, chosen.SelectedOptions, 1)

	raw, err := os.ReadFile(filepath.Join("..", "content", "testdata", "messages", "album-photo.json"))
	require.NoError(t, err)
	sent := send(string(raw), whatsapptest.SampleOptions{ID: whatsapptest.NewSampleID})
	require.Equal(t, 1, sent.Files)
	image := c.awaitID(sent.ID).Message.GetAssociatedChildMessage().GetMessage()
	require.NotNil(t, image.GetImageMessage())
	_, err = c.cli.Download(ctx, image.GetImageMessage())
	require.NoError(t, err)

	send(sampleCall, whatsapptest.SampleOptions{})
	require.Equal(t, ana.LID(), await(c, anyOf[*events.CallOffer]).From)

	inGroup := c.awaitID(send(sampleInGroup, whatsapptest.SampleOptions{}).ID)
	require.True(t, inGroup.Info.IsGroup)
	require.Equal(t, "for @"+ana.LID().User+" and @"+w.phone.LID().User, inGroup.Message.GetConversation())
	group, err := c.cli.GetGroupInfo(ctx, inGroup.Info.Chat)
	require.NoError(t, err)
	require.Len(t, group.Participants, 3)

	typed := c.awaitID(send(sampleTyped, whatsapptest.SampleOptions{}).ID)
	require.True(t, typed.Info.IsFromMe)
	require.Equal(t, ana.LID(), typed.Info.Chat)
	require.Equal(t, "typed on the phone", typed.Message.GetConversation())

	unknown := c.awaitID(send(sampleUnknown, whatsapptest.SampleOptions{}).ID)
	require.Equal(t, types.DefaultUserServer, unknown.Info.Chat.Server)
	require.NotEmpty(t, unknown.Message.ProtoReflect().GetUnknown())

	send(sampleBroken, whatsapptest.SampleOptions{})
	require.Equal(t, "AC08", await(c, anyOf[*events.UndecryptableMessage]).Info.ID)

	_, err = control.SendSample(ctx, "", []byte(`{"message":{"noSuchKind":{}}}`), whatsapptest.SampleOptions{})
	require.ErrorContains(t, err, "422")
	_, err = control.SendSample(ctx, "5500", []byte(sampleTyped), whatsapptest.SampleOptions{})
	require.ErrorContains(t, err, "404")
}
