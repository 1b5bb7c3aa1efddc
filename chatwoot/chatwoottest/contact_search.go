package chatwoottest

import (
	"net/http"
	"strings"
)

const contactsPerPage = 15

// resolved says whether lists and filters know a contact: visitors without
// any address are left out.
func (c *contact) resolved() bool { return c.email != nil || c.phone != nil || c.identifier != nil }

func (s *Server) contactList(c *call, match func(*contact) bool) ([]object, error) {
	list := []object{}
	slim := c.query("include_contact_inboxes") == "false"
	for _, who := range s.db.contacts {
		if who.account != c.account.id || !match(who) {
			continue
		}
		if shown, err := listed(who.dying); err != nil || !shown {
			if err != nil {
				return nil, err
			}
			continue
		}
		if slim {
			list = append(list, s.contactJSON(who))
		} else {
			list = append(list, s.contactWithInboxes(who))
		}
	}
	return list, nil
}

func pageNumber(c *call) int {
	if n := number(c.query("page")); n > 0 {
		return n
	}
	return 1
}

func (s *Server) listContacts(c *call) (any, error) {
	list, err := s.contactList(c, (*contact).resolved)
	n := pageNumber(c)
	if err != nil {
		return nil, err
	}
	return obj("meta", obj("count", len(list), "current_page", n), "payload", page(list, n, contactsPerPage)), nil
}

func (s *Server) searchContacts(c *call) (any, error) {
	q := strings.TrimSpace(c.query("q"))
	if q == "" {
		return nil, problem(http.StatusUnprocessableEntity, "Specify search string with parameter q")
	}
	like := func(v *string) bool {
		return v != nil && strings.Contains(strings.ToLower(*v), strings.ToLower(q))
	}
	list, err := s.contactList(c, func(who *contact) bool {
		if !s.release.searchesEverybody() && !who.resolved() {
			return false
		}
		return like(&who.name) || like(who.email) || like(who.phone) ||
			who.identifier != nil && strings.Contains(*who.identifier, q)
	})
	if err != nil {
		return nil, err
	}
	n := pageNumber(c)
	shown := page(list, n, contactsPerPage)
	if !s.release.searchesEverybody() {
		return obj("meta", obj("count", len(list), "current_page", n), "payload", shown), nil
	}
	return obj("meta", obj("count", len(shown), "current_page", n, "has_more", len(list) > n*contactsPerPage),
		"payload", shown), nil
}

// filterContacts knows equal_to on the three addresses, which is what a
// bridge asks. Identifiers are compared lower-cased.
func (s *Server) filterContacts(c *call) (any, error) {
	conditions, _ := c.params.get("payload").([]any)
	if len(conditions) == 0 {
		return nil, problem(http.StatusUnprocessableEntity, "Invalid value. The values provided for payload are invalid")
	}
	if hash(conditions[len(conditions)-1]).get("query_operator") != nil {
		return nil, problem(http.StatusUnprocessableEntity, "Invalid query operator.")
	}
	list, err := s.contactList(c, func(who *contact) bool {
		if !who.resolved() {
			return false
		}
		result, join := true, "AND"
		for _, raw := range conditions {
			condition := hash(raw)
			attribute := str(condition.get("attribute_key"))
			holds := (attribute != "phone_number" || s.release.filtersByPhone()) && who.equals(attribute, stringList(condition.get("values")))
			if strings.EqualFold(join, "OR") {
				result = result || holds
			} else {
				result = result && holds
			}
			join = str(condition.get("query_operator"))
		}
		return result
	})
	if err != nil {
		return nil, err
	}
	n := c.query("page")
	if n == "" {
		n = "1"
	}
	return obj("meta", obj("count", len(list), "current_page", n), "payload", page(list, number(n), contactsPerPage)), nil
}

func (c *contact) equals(attribute string, values []string) bool {
	var have *string
	normal := strings.ToLower
	switch attribute {
	case "phone_number":
		have = c.phone
		normal = func(v string) string { return strings.TrimPrefix(v, "+") }
	case "identifier":
		have = c.identifier
	case "email":
		have = c.email
	case "name":
		have = &c.name
	}
	if have == nil {
		return false
	}
	for _, v := range values {
		if normal(v) == normal(*have) {
			return true
		}
	}
	return false
}
