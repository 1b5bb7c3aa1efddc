package idmap

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestT08_TheHiddenIDIsThePerson(t *testing.T) {
	t.Parallel()
	const (
		ann, bob  = "1001@lid", "2002@lid"
		first     = "5511100000001@s.whatsapp.net"
		second    = "5511900000002@s.whatsapp.net"
		long      = "5511987654321@s.whatsapp.net"
		short     = "551187654321@s.whatsapp.net"
		somegroup = "123-456@g.us"
	)
	of := func(chat string, created int64, jids ...string) (all []alias) {
		for _, jid := range jids {
			all = append(all, alias{jid: jid, chat: chat, created: created, seen: created})
		}
		return all
	}
	with := func(all ...[]alias) (known []alias) {
		for _, some := range all {
			known = append(known, some...)
		}
		return known
	}
	former := func(all []alias, jid string) []alias {
		for i := range all {
			all[i].givenUp = all[i].givenUp || all[i].jid == jid
		}
		return all
	}
	for name, test := range map[string]struct {
		known []alias
		jids  []string
		want  decision
	}{
		"nobody yet":                     {nil, []string{ann, first}, decision{fresh: []string{ann, first}}},
		"a group":                        {of("g", 1, somegroup), []string{somegroup}, decision{chat: "g"}},
		"nothing new":                    {of("a", 1, ann, first), []string{ann, first}, decision{chat: "a"}},
		"a number learned late":          {of("a", 1, ann), []string{ann, first}, decision{chat: "a", fresh: []string{first}}},
		"a hidden id learned late":       {of("a", 1, first), []string{ann, first}, decision{chat: "a", fresh: []string{ann}}},
		"another number, sorting after":  {of("a", 1, ann, first), []string{ann, second}, decision{chat: "a", fresh: []string{second}, left: []string{first}}},
		"another number, sorting before": {of("a", 1, ann, second), []string{ann, first}, decision{chat: "a", fresh: []string{first}, left: []string{second}}},
		"her first number again": {
			former(of("a", 1, ann, first, second), first), []string{ann, first},
			decision{chat: "a", left: []string{second}, touched: true},
		},
		"two numbers of before there were times": {
			of("a", 1, ann, first, second), []string{ann, second}, decision{chat: "a", left: []string{first}},
		},
		"her number is a stranger's now": {
			of("a", 1, ann, first), []string{bob, first},
			decision{fresh: []string{bob}, moved: alias{jid: first, chat: "a", created: 1, seen: 1}},
		},
		"her number is another customer's now": {
			with(of("a", 1, ann, first), of("b", 2, bob, second)), []string{bob, first},
			decision{chat: "b", moved: alias{jid: first, chat: "a", created: 1, seen: 1}, left: []string{second}},
		},
		"her number is now that of one known by the hidden id alone": {
			with(of("a", 1, ann, first), of("b", 2, bob)), []string{bob, first},
			decision{chat: "b", moved: alias{jid: first, chat: "a", created: 1, seen: 1}},
		},
		"two chats of one person": {
			with(of("a", 1, ann), of("n", 2, first)), []string{ann, first},
			decision{chat: "a", merge: &Merge{Elder: "a", Younger: "n"}},
		},
		"two chats of one person, the number's the elder": {
			with(of("a", 2, ann), of("n", 1, first)), []string{ann, first},
			decision{chat: "n", merge: &Merge{Elder: "n", Younger: "a"}},
		},
		"a number whose person nobody knows, of one who had another": {
			with(of("a", 1, ann, first), of("n", 2, second)), []string{ann, second},
			decision{chat: "a", moved: alias{jid: second, chat: "n", created: 2, seen: 2}, left: []string{first}},
		},
		"two forms of one number": {
			with(of("a", 1, ann, long), of("n", 2, short)), []string{ann, short},
			decision{chat: "a", merge: &Merge{Elder: "a", Younger: "n"}},
		},
		"a form that is registered, beside the one that was written": {
			of("a", 1, ann, long, short), []string{ann, short}, decision{chat: "a"},
		},
		"a number that was given up, alone": {
			former(of("a", 1, ann, first, second), first), []string{first},
			decision{moved: alias{jid: first, chat: "a", created: 1, seen: 1, givenUp: true}},
		},
		"a number that was given up, a stranger's": {
			former(of("a", 1, ann, first, second), first), []string{bob, first},
			decision{fresh: []string{bob}, moved: alias{jid: first, chat: "a", created: 1, seen: 1, givenUp: true}},
		},
		"two hidden ids are never one person": {
			with(of("a", 1, ann), of("b", 2, bob)), []string{ann, bob}, decision{chat: "a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, decide(test.jids, test.known))
		})
	}
}
