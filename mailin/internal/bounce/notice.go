package bounce

import (
	"regexp"
	"strings"
	"unicode"
)

// recipients returns what the report says about each recipient, one entry an address, from the best source there is:
// the fields of RFC 3464, then Exim's and Google's header field, then the text, then the address of the returned mail.
func (m *mail) recipients() []Recipient {
	if m.failed == nil {
		found := m.findRecipients()
		m.failed = &found
	}
	return *m.failed
}

func (m *mail) findRecipients() []Recipient {
	var out []Recipient
	m.alone = len(m.status) == 1
	for _, g := range m.status {
		if r, ok := m.fromGroup(g); ok {
			out = append(out, r)
		}
	}
	if out = unique(out); len(out) > 0 {
		return out
	}
	var failed []string
	for _, v := range m.header("X-Failed-Recipients") {
		failed = append(failed, addresses(v)...)
	}
	if len(failed) == 0 {
		failed = m.fromText()
	}
	if len(failed) == 0 {
		failed = m.returnedTo()
	}
	for _, a := range failed {
		out = append(out, Recipient{Recipient: a})
	}
	out = unique(out)
	if len(out) > maxRecipients+1 { // one more tells Read that there were more
		out = out[:maxRecipients+1]
	}
	m.alone = len(out) == 1
	for i, r := range out {
		out[i] = m.textual(r.Recipient)
	}
	return out
}

func unique(rs []Recipient) []Recipient {
	seen := map[string]bool{}
	kept := rs[:0]
	for _, r := range rs {
		if k := strings.ToLower(r.Recipient); !seen[k] {
			seen[k] = true
			kept = append(kept, r)
		}
	}
	return kept
}

// fromGroup completes a group whose fields are missing or unreadable from the text of the report.
func (m *mail) fromGroup(g group) (Recipient, bool) {
	a, _ := g.recipient()
	r := Recipient{Recipient: a, Action: g.action(), Status: g.code(), Diagnostic: g.diagnostic()}
	if r.Recipient == "" {
		// The group tells what happened but not to whom: one address elsewhere can only be meant.
		others := m.elsewhere()
		if len(others) != 1 {
			return Recipient{}, false
		}
		r.Recipient = others[0]
	}
	if r.Status == "" || r.Diagnostic == "" {
		said := m.textual(r.Recipient)
		r.Status, r.Diagnostic = either(r.Status, said.Status), either(r.Diagnostic, said.Diagnostic)
	}
	if r.Action == "" {
		r.Action = m.actionFor(r.Status)
	}
	return r, true
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (m *mail) elsewhere() []string {
	for _, v := range m.header("X-Failed-Recipients") {
		if as := addresses(v); len(as) > 0 {
			return as
		}
	}
	if as := m.fromText(); len(as) > 0 {
		return as
	}
	return m.returnedTo()
}

func (m *mail) actionFor(status string) string {
	if strings.HasPrefix(status, "2.") {
		return "delivered"
	}
	return m.textAction()
}

// textual reads what the text says about one address.
func (m *mail) textual(a string) Recipient {
	words := m.wordsAbout(a)
	code := codeIn(words)
	if code == "" || strings.HasSuffix(code, ".0.0") {
		// The server's answer may stand apart from the address. It counts where it can be about nobody else.
		if other := m.onlyCode(); other != "" && (m.alone || words == "") && (code == "" || code[0] == other[0]) {
			if code == "" {
				words = m.answer()
			}
			code = other
		}
	}
	return Recipient{Recipient: a, Action: m.textAction(), Status: code, Diagnostic: clean(words, maxDiagnostic)}
}

// onlyCode returns the one status code of the notice, "" if there are several or none.
func (m *mail) onlyCode() string {
	if m.codes == nil {
		c := m.findOnlyCode()
		m.codes = &c
	}
	return *m.codes
}

func (m *mail) findOnlyCode() string {
	only, general := "", ""
	for _, l := range m.notice {
		c := codeIn(l)
		switch {
		case c == "" || c[0] == '2' || c == only:
		case strings.HasSuffix(c, ".0.0"):
			if general == "" {
				general = c
			}
		case only == "":
			only = c
		default:
			return ""
		}
	}
	if only == "" {
		return general
	}
	return only
}

// wordsAbout returns the words that belong to an address: those behind it in its line and paragraph, else the first
// line with a server's answer, else the paragraph next to it.
func (m *mail) wordsAbout(a string) string {
	low, best, last := strings.ToLower(a), "", -1
	for i, l := range m.notice {
		at := strings.Index(strings.ToLower(l), low)
		if at < 0 || notRecipient.MatchString(l) {
			continue
		}
		words := m.wordsIn(i, at+len(a), low)
		if codeIn(words) != "" {
			return words
		}
		if best == "" {
			best = words
		}
		last = i
	}
	if best == "" && m.alone {
		best = m.answer()
	}
	if best == "" && last >= 0 && m.textAction() == "failed" {
		best = m.beside(last)
	}
	return best
}

// wordsIn returns the words of line i and its paragraph; the address that they are about ends at byte end.
func (m *mail) wordsIn(i, end int, low string) string {
	words := m.notice[i]
	switch {
	case ownLine.MatchString(words):
		words = ""
	case rank(words, "") == own:
		words = strings.TrimLeft(words[min(end, len(words)):], " >:;,\"')]")
	}
	return strings.TrimSpace(words + " " + m.following(i+1, low))
}

// beside returns the paragraph after line i, or the one before where that says more than whom to ask.
func (m *mail) beside(i int) string {
	after := paragraph(m.notice[i+1:])
	if after != "" && !contact.MatchString(after) {
		return after
	}
	end := i
	for end > 0 && strings.TrimSpace(m.notice[end-1]) != "" {
		end--
	}
	start := end - 1
	for start > 0 && strings.TrimSpace(m.notice[start-1]) != "" {
		start--
	}
	return either(paragraph(m.notice[max(start, 0):end]), after)
}

// paragraph returns the first lines with letters, up to the next blank line.
func paragraph(ls []string) string {
	var words []string
	for _, l := range ls {
		if ownLine.MatchString(l) {
			continue
		}
		if strings.IndexFunc(l, unicode.IsLetter) < 0 {
			if len(words) > 0 && !strings.HasSuffix(words[len(words)-1], ":") {
				break
			}
			continue
		}
		if words = append(words, strings.TrimSpace(l)); len(words) == 12 {
			break
		}
	}
	return strings.Join(words, " ")
}

// following returns the paragraph from line i on, without a second recipient's lines.
func (m *mail) following(i int, low string) string {
	var words []string
	for ; i < len(m.notice) && len(words) < 12; i++ {
		l := m.notice[i]
		if strings.TrimSpace(l) == "" {
			if len(words) > 0 || i+1 < len(m.notice) && strings.TrimSpace(m.notice[i+1]) == "" {
				break
			}
			// One blank line between an address and its words is usual.
			if i+1 < len(m.notice) && codeIn(m.notice[i+1]) == "" {
				break
			}
			continue
		}
		if rank(l, "") >= own && !strings.Contains(strings.ToLower(l), low) {
			break
		}
		words = append(words, strings.TrimSpace(l))
	}
	return strings.Join(words, " ")
}

// answer returns the first line of the notice that holds a server's answer, with what it continues on.
func (m *mail) answer() string {
	for i, l := range m.notice {
		if codeIn(l) != "" {
			return strings.TrimSpace(l + " " + m.following(i+1, "\x00"))
		}
	}
	return ""
}

// How surely a line names a recipient that the report is about.
const (
	unlikely = iota // mentioned somewhere
	sentence        // in a sentence about the failure
	own             // on a line of its own, at its head, or behind a label
)

var (
	bullets = `[\s*•·>\-=|"'(]*`
	ownLine = regexp.MustCompile(`^` + bullets + `<?` + addressInText.String() + `["'>)\]]*(?:\s*<[^<>]*>)?\s*[:;,.]?\s*$`)
	atHead  = regexp.MustCompile(`^[\s*•"']*<?` + addressInText.String() + `["'>]*(?:\s*:|\s+on\s+\w|\s+[\[(\-]|\s*\.\.\.|\s+(?i:error|failed|unknown|not|was|is|could|has)\b|\s*,\s*(?i:error|status)|\s{2,}\S)`)
	labels  = regexp.MustCompile(`(?i)(?:\breceiver(?: not found)?|\brecipients?|\bundeliverable address|\bfailed address|\berror-for|\baddressed to|\bintended recipient|\bdestination(?: address)?|\bfailed recipient|\bmailbox|\buser|\bpenerima|\bdestinata(?:rio|ire)|\bempfänger|宛先|受信者|收件人)\s*(?:is|was)?\s*[:=]\s*["'<(]*` + addressInText.String())
	// namedLine is a display name with its address, as Exchange lists recipients.
	namedLine = regexp.MustCompile(`^\s*[^@<>:]{1,60}\s*[<(]` + addressInText.String() + `[)>](?:\s*<[^<>]*>)?\s*$`)

	notRecipient = regexp.MustCompile(`(?i)^[\s>*]*(?:from|sender|return-path|reply-to|originator|mail from|envelope-from|original sender|sent by|cc|bcc|to|message-id|date|subject|x-[a-z-]+|sender-mta|reporting-mta|remote-mta|in-reply-to|references)\b\s*[:<]|\((?:expanded from|ultimately generated from|generated from)`)
	senderAhead  = regexp.MustCompile(`(?i)\b(?:sent by|message from|mail from|sender|sent from)\s*:?\s*$`)
	contact      = regexp.MustCompile(`(?i)\b(?:contact|please (?:e?-?mail|write|send)|assistance|help ?desk|support at|hubungi|kontakt|questions)\b|https?://`)
)

// rank tells how a line names an address; before is the line above it that is not blank.
func rank(l, before string) int {
	switch {
	case len(l) > 2000 || notRecipient.MatchString(l) || senderAhead.MatchString(before):
		return unlikely
	case ownLine.MatchString(l), atHead.MatchString(l), labels.MatchString(l):
		return own
	}
	low := strings.ToLower(l)
	if namedLine.MatchString(l) || codeIn(l) != "" || containsAny(low, phrases) || containsAny(low, daemonPhrases) || strings.Contains(low, "rcpt to:") {
		return sentence
	}
	return unlikely
}

// fromText finds the failed addresses in the words of the notice.
func (m *mail) fromText() []string {
	var found [own + 1][]string
	before := ""
	for _, l := range m.notice {
		if strings.TrimSpace(l) == "" {
			continue
		}
		if strings.IndexByte(l, '@') > 0 {
			m.namedIn(l, before, &found)
		}
		before = l
	}
	if len(found[own]) > 0 {
		return found[own]
	}
	if len(found[sentence]) > 0 {
		return found[sentence]
	}
	// Mentioned anywhere, and addressed by the returned mail or the only one mentioned: that is the one.
	to := m.returnedTo()
	if len(to) == 0 && len(found[unlikely]) == 1 && containsAny(m.flat, phrases) {
		return found[unlikely]
	}
	return both(found[unlikely], to)
}

func (m *mail) namedIn(l, before string, found *[own + 1][]string) {
	r := rank(l, before)
	for i, a := range addresses(l) {
		if len(found[r]) > maxRecipients {
			return
		}
		local, _, _ := strings.Cut(strings.ToLower(a), "@")
		if r < own && (local == "postmaster" || strings.Contains(local, "daemon") || contact.MatchString(l)) {
			continue
		}
		if i > 0 && r == own { // "a@x <mailto:a@x>", "a@x (was b@y)": the first is the recipient
			break
		}
		if r < own && m.isSender(a) {
			continue
		}
		found[r] = append(found[r], a)
	}
}

// isSender tells whether an address is the one that the report was sent to.
func (m *mail) isSender(a string) bool {
	for _, v := range m.header("To") {
		for _, t := range addresses(v) {
			if strings.EqualFold(t, a) {
				return true
			}
		}
	}
	return false
}

func both(a, b []string) []string {
	var out []string
	for _, x := range a {
		for _, y := range b {
			if strings.EqualFold(x, y) {
				out = append(out, x)
				break
			}
		}
	}
	return out
}
