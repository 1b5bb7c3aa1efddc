package content

import (
	"strings"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// pills are the buttons that phones draw below a text about a business: a page to open,
// and what can be done with the business.
func pills(c *waE2E.ContextInfo) []Row {
	var rows []Row
	if link := c.GetActionLink(); link.GetURL() != "" {
		rows = append(rows, Row{Title: label(link.GetButtonTitle()), Value: label(link.GetURL()), Flow: "cta_url"})
	}
	const most = 10
	all := c.GetBusinessInteractionPills().GetPills()
	for _, pill := range all[:min(most, len(all))] {
		value := label(pill.GetActionURL())
		if number, isNumber := cutPrefixFold(value, "tel:"); isNumber {
			value = number
		}
		row := Row{Value: value, Flow: "pill_" + strings.ToLower(pill.GetPillType().String())}
		if pill.GetPillType() == waE2E.ContextInfo_BusinessInteractionPills_CALL {
			row.Flow = "cta_call"
		}
		rows = append(rows, row)
	}
	return rows
}
