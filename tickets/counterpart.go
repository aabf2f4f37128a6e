package tickets

import (
	"database/sql"
	"errors"
	"regexp"
	"slices"
	"strings"
)

// counterpartsMail is a proven mail of a team that the case was reported to. It is for the owner and Front Desk: it changes no
// state and no clock, and neither reporter nor participants hear of it.
func (f *filing) counterpartsMail() {
	f.event("received", f.mailFacts())
	f.do("learn the team's number", f.learnNumbers)
	if f.quiet() || f.robot() && !f.mayCause() {
		return
	}
	f.ownerAndDesk(f.words(KindNationalAnswer), "")
}

// foreignPattern finds what other teams' systems put into a subject as their number: in brackets with a digit, after a #, or
// after a word for it.
var foreignPattern = regexp.MustCompile(`(?i)\[\s*#?([\pL\d][\pL\d._/-]*\d[\pL\d._/-]*)\s*\]|#\s?(\d{2,})\b|\b(?:ticket|tiket|case|kasus|incident|insiden|ref|nomor|no)\b[\s.:#-]*((?:[a-z]{2,10}[-/]?)?\d[\d./-]*\d)|\b([A-Z]{2,6}-?\d{5,})\b`)

// aYear is what stands in many subjects and is nobody's number.
var aYear = regexp.MustCompile(`^(?:19|20)\d\d$`)

// Of one subject so many numbers are kept, and of this length, in bytes.
const (
	foreignAtMost  = 3
	foreignLongest = 60
)

// foreignNumbers are the numbers of other teams that a subject names, in capitals; ours is none of them.
func (f *filing) foreignNumbers() []string {
	subject := f.a.Subject
	if n := f.s.numbers.pattern; n != nil {
		subject = n.ReplaceAllString(subject, " ")
	}
	var out []string
	for _, m := range foreignPattern.FindAllStringSubmatch(subject, -1) {
		number := strings.ToUpper(strings.Join(m[1:], ""))
		if aYear.MatchString(number) {
			continue // "insiden 2026" would draw all that the team writes later into this case
		}
		if len(number) <= foreignLongest && len(out) < foreignAtMost && !slices.Contains(out, number) {
			out = append(out, number)
		}
	}
	return out
}

// learnNumbers keeps the numbers of a response team's subject, for that team's domain.
func (f *filing) learnNumbers() error {
	for _, number := range f.foreignNumbers() {
		n, err := f.t.exec(f.ctx, `INSERT INTO foreign_number (domain, number, ticket, message) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`, Domain(f.sender.key()), number, f.ticket.ID, f.message)
		if err != nil {
			return err
		}
		if n > 0 {
			f.t.wrote("foreign_number", Domain(f.sender.key()), number, f.ticket.ID)
			f.event("foreign-number", map[string]any{"of": number, "message": f.message})
		}
	}
	return nil
}

// ticketOfForeignNumber finds the ticket that the sender's team keeps under a number of its own. It holds only for a team that
// the ticket was reported to; how far the mail is believed is decided as always.
func (f *filing) ticketOfForeignNumber() (int64, error) {
	if f.sender.isStaff() {
		return 0, nil
	}
	for _, number := range f.foreignNumbers() {
		var ticket int64
		err := f.t.get(f.ctx, &ticket, `SELECT n.ticket FROM foreign_number n JOIN counterpart c ON c.ticket = n.ticket AND c.address = ? WHERE n.domain = ? AND n.number = ? ORDER BY n.ticket DESC LIMIT 1`,
			f.sender.key(), Domain(f.sender.key()), number)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return ticket, err
		}
	}
	return 0, nil
}
