package chatwoottest

// survey sends the CSAT message of a resolved conversation, once.
func (s *Server) survey(conv *conversation) {
	i := s.db.inbox(conv.inbox)
	if conv.csatSent || !i.flag("csat_survey_enabled") {
		return
	}
	conv.csatSent = true
	text := i.surveyMessage()
	if text == "" {
		text = "Please rate the conversation"
	}
	s.asJob(func() { s.template(conv, text, "input_csat", obj("display_type", "emoji")) })
}

// surveyMessage is what an inbox's settings say instead of the usual text.
func (i *inbox) surveyMessage() string {
	return str(hash(i.settings.get("csat_config")).get("message"))
}

// isSurvey says whether a webhook adds the link to a message's text.
func (m *message) isSurvey() bool { return m.kind == kindTemplate && m.contentType == "input_csat" }

// surveyText is a survey as a webhook words it: its row has no link.
func (s *Server) surveyText(m *message) string {
	link := s.frontendURL() + "/survey/responses/" + s.db.conversation(m.conversation).uuid
	if own := s.db.inbox(m.inbox).surveyMessage(); own != "" {
		return own + " " + link
	}
	return "Please rate this conversation, " + link
}
