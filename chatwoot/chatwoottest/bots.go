package chatwoottest

// agentBot is a bot of an account. Messages may be signed by any number, as
// bots of other accounts and of the installation do.
type agentBot struct {
	id, account int
	name        string
}

func (s *Server) listBots(c *call) (any, error) {
	list := []object{}
	for _, b := range s.db.bots {
		if b.account == c.account.id {
			list = append(list, botJSON(b))
		}
	}
	return list, nil
}

func (s *Server) createBot(c *call) (any, error) {
	b := agentBot{id: len(s.db.bots) + 1, account: c.account.id, name: str(c.params.get("name"))}
	s.db.bots = append(s.db.bots, b)
	return botJSON(b), nil
}

func botJSON(b agentBot) object {
	return obj("id", b.id, "name", b.name, "description", nil, "thumbnail", "", "outgoing_url", nil,
		"bot_type", "webhook", "bot_config", obj(), "account_id", b.account, "system_bot", false)
}

// nobodysBot is the name of a bot that no account has made.
const nobodysBot = "Bot"

// botName is what a bot is called; the caller holds mu.
func (s *Server) botName(id int) string {
	for _, b := range s.db.bots {
		if b.id == id {
			return b.name
		}
	}
	return nobodysBot
}
