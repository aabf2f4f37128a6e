package bounce

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cut returns the beginning of b that is looked at.
func cut(b []byte) []byte {
	if len(b) > maxText {
		return b[:maxText]
	}
	return b
}

// lines splits text at any kind of line end, after making it valid UTF-8 with plain blanks.
func lines(text string) []string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = lineEnds.Replace(text)
	return strings.Split(text, "\n")
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u00A0", " ", "\u3000", " ", "\u200B", "", "\uFEFF", "", "\u2019", "'")

// flatten joins lines with single blanks in lower case.
func flatten(ls []string) string {
	return strings.ToLower(strings.Join(strings.Fields(strings.Join(ls, " ")), " "))
}

// clean makes one line of a text from outside: no control characters, single blanks, at most max runes.
func clean(s string, max int) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r): // Cf: direction marks would reorder what is shown
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > max {
		s = string([]rune(s)[:max])
	}
	return s
}

// Where the words of the mail system end and the returned mail begins. The forms are those of qmail, Exim, sendmail,
// Postfix, Exchange, Gmail, Yahoo, Domino, IMail, m-FILTER and several providers.
var returnedMark = regexp.MustCompile(`(?i)^[\s\-=*_#>+]*(?:` + strings.Join([]string{
	`(?:below|here|this|included|enclosed|attached)\b.{0,40}\b(?:copy|header|returned|original)\b.{0,60}\b(?:message|mail|headers?).{0,40}`,
	`(?:begin|start) of (?:the )?(?:returned|original|undelivered) (?:message|mail)`,
	`(?:the )?headers? of (?:the )?(?:original )?(?:message|mail).{0,30}`,
	`(?:the |your )?(?:original|returned|unsent|undelivered|rejected|old|bounced) (?:message|mail)(?: headers?| text| info(?:rmation)?| body)?(?: ?(?:is )?follow(?:s|ing)?)?`,
	`(?:message|mail) (?:headers?|text|body)(?: ?follow(?:s|ing)?)`,
	`your message reads.{0,20}`,
	`(?:ursprüngliche|originale?) nachricht(?:enkopfzeilen)?`,
	`en-têtes? (?:du|de) message d.origine`, `message d.origine`,
	`encabezados? (?:de|del) mensajes? original(?:es)?`, `mensaje original`,
	`(?:isi |kepala )?pesan asli(?:nya)?`,
	`元のメッセージ.{0,10}`, `原始邮件.{0,10}`,
}, "|") + `)[\s\-=*_#:.+]*$`)

// headerLine starts a field that the header of a returned mail has.
var headerLine = regexp.MustCompile(`(?i)^(received|return-path|message-id|from|to|subject|date|mime-version|dkim-signature|x-[a-z0-9-]{2,40}|content-type|sender|reply-to)[ \t]{0,3}:`)

// split parts the text of a report into the notice and the returned mail that it quotes, if any.
func split(all []string) (notice, returned []string) {
	for i, l := range all {
		if strings.TrimSpace(l) == "" || i == 0 && headerLine.MatchString(l) && !startsHeader(all) {
			continue
		}
		if startsHeader(all[i:]) {
			return all[:i], all[i:]
		}
		// A rule in the first line opens the notice; it cannot end it.
		if i > 0 && len(l) < 200 && returnedMark.MatchString(l) && somethingBefore(all[:i]) {
			return all[:i], all[i+1:]
		}
	}
	return all, nil
}

// somethingBefore tells whether a mark stands below any words: a report that begins with the mark has no notice.
func somethingBefore(ls []string) bool {
	for _, l := range ls {
		if strings.IndexFunc(l, unicode.IsLetter) >= 0 {
			return true
		}
	}
	return false
}

// startsHeader tells whether a mail header begins here: a field line, followed within the same paragraph by enough
// fields that only a mail has. (Exchange lists To, Subject and Sent in its notice; that is not a header.)
func startsHeader(ls []string) bool {
	if len(ls) == 0 || !headerLine.MatchString(ls[0]) {
		return false
	}
	seen := map[string]bool{}
	for i, l := range ls {
		if strings.TrimSpace(l) == "" || i > 120 {
			break
		}
		if m := headerLine.FindStringSubmatch(l); m != nil {
			seen[strings.ToLower(m[1])] = true
		}
	}
	trace := seen["received"] || seen["message-id"] || seen["mime-version"]
	return trace && len(seen) >= 3 || seen["from"] && seen["date"] && seen["subject"] && seen["to"]
}
