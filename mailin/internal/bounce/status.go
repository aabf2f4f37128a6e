package bounce

import (
	"regexp"
	"strings"
)

// group is one per-recipient group of a message/delivery-status (RFC 3464 section 2.3), its fields by lower-case name.
type group map[string]string

var statusField = regexp.MustCompile(`^\s{0,4}([A-Za-z][A-Za-z0-9-]{2,60})\s{0,3}:\s*(.*)$`)

// recipientFields make a group one about a recipient.
var recipientFields = []string{"final-recipient", "original-recipient", "action", "status", "diagnostic-code"}

// statusGroups reads the per-recipient groups. It takes groups that are not parted by blank lines, blank lines inside
// a group, and recipients' fields that stand in the per-message group: all of them are sent.
func statusGroups(ls []string) []group {
	var (
		groups []group
		cur    = group{}
		last   string
	)
	flush := func() {
		if _, known := cur.recipient(); known || cur["action"] != "" && cur["status"] != "" {
			groups = append(groups, cur)
			cur = group{}
		}
		last = ""
	}
	for _, l := range ls {
		if len(groups) > maxRecipients {
			break
		}
		switch f := statusField.FindStringSubmatch(l); {
		case strings.TrimSpace(l) == "":
			flush()
		case f != nil && (l[0] != ' ' && l[0] != '\t' || known(f[1])):
			name := strings.ToLower(f[1])
			if _, again := cur[name]; again && name == "final-recipient" {
				flush()
			}
			cur[name], last = strings.TrimSpace(f[2]), name
		case last != "":
			// A folded line, or the rest of a diagnostic that was wrapped without folding.
			if l[0] == ' ' || l[0] == '\t' || last == "diagnostic-code" {
				cur[last] = strings.TrimSpace(cur[last] + " " + strings.TrimSpace(l))
			}
		}
	}
	flush()
	return groups
}

func known(name string) bool {
	name = strings.ToLower(name)
	for _, f := range recipientFields {
		if f == name {
			return true
		}
	}
	return false
}

// recipient returns the address of the group: the final one, else the original one, and whether there is one.
func (g group) recipient() (string, bool) {
	for _, name := range []string{"final-recipient", "original-recipient", "x-actual-recipient"} {
		if a := typedAddress(g[name]); a != "" {
			return a, true
		}
	}
	return "", g["final-recipient"] != "" || g["original-recipient"] != ""
}

// typedAddress reads "rfc822; user@host" with or without its type (RFC 3464 section 2.3.1), brackets, comments, and
// with the xtext of RFC 3461 where somebody left it undecoded.
func typedAddress(value string) string {
	kind, rest, typed := strings.Cut(value, ";")
	if !typed {
		rest = kind
	}
	rest = strings.TrimSpace(rest)
	if a := address(rest); a != "" {
		return a
	}
	if a := address(xtext(rest)); a != "" {
		return a
	}
	// Comments, display names and X.400 forms around the address.
	if m := addressInText.FindString(rest); m != "" && !strings.ContainsAny(rest, "|/") {
		return address(m)
	}
	return ""
}

var actionWord = regexp.MustCompile(`(?i)^\W*(failed|failure|fail|delayed|delay|delivered|relayed|expanded)\b`)

// action returns the action in the words of RFC 3464 section 2.3.3, or "" for none and unknown ones.
func (g group) action() string {
	m := actionWord.FindStringSubmatch(g["action"])
	if m == nil {
		return ""
	}
	switch a := strings.ToLower(m[1]); a {
	case "failure", "fail":
		return "failed"
	case "delay":
		return "delayed"
	default:
		return a
	}
}

var statusCode = regexp.MustCompile(`^\D{0,3}([245]\.\d{1,3}\.\d{1,3})`)

// code returns the status of the group, from its field or else from its diagnostic.
func (g group) code() string {
	if m := statusCode.FindStringSubmatch(g["status"]); m != nil {
		return m[1]
	}
	return codeIn(g["diagnostic-code"])
}

// diagnostic returns the words of the remote server without their type ("smtp; …", RFC 3464 section 2.3.6).
func (g group) diagnostic() string {
	d := g["diagnostic-code"]
	if kind, rest, ok := strings.Cut(d, ";"); ok && !strings.ContainsAny(strings.TrimSpace(kind), " \t.:<") {
		d = rest
	}
	if strings.TrimSpace(d) == "" {
		_, comment, _ := strings.Cut(g["status"], "(")
		d = strings.TrimSuffix(strings.TrimSpace(comment), ")")
	}
	return clean(d, maxDiagnostic)
}

// challenge tells a request to confirm that is dressed as a report: nothing failed, a person is to click.
func (g group) challenge() bool {
	return strings.Contains(strings.ToLower(g["diagnostic-code"]), "x-boxbe-notice")
}
