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

// maxLine is how much of a line is looked at; RFC 5322 section 2.1.1 allows 998 bytes.
const maxLine = 4000

// lines splits text at any kind of line end, after making it valid UTF-8 with plain blanks.
func lines(text string) []string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	all := strings.Split(lineEnds.Replace(text), "\n")
	for i, l := range all {
		if len(l) > maxLine {
			all[i] = strings.ToValidUTF8(l[:maxLine], "")
		}
	}
	return all
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
var headerLine = regexp.MustCompile(`(?i)^(?:> ?){0,3}(received|return-path|message-id|from|to|subject|date|mime-version|dkim-signature|x-[a-z0-9-]{2,40}|content-type|sender|reply-to)[ \t]{0,3}:`)

// maxNotice is how many lines of its own a report may have; the largest real ones have some hundreds.
const maxNotice = 2000

// split parts the text of a report into the notice and the returned mail that it quotes, if any.
func split(all []string) (notice, returned []string) {
	notice, returned = all, nil
	tested := 0 // no header begins before this line
	for i, l := range all {
		if strings.TrimSpace(l) == "" {
			continue
		}
		if i >= tested && headerLine.MatchString(l) {
			fields, end := fieldsAt(all, i)
			if returnedHeader(fields, all[:i]) {
				notice, returned = all[:i], all[i:]
				break
			}
			tested = end
		}
		if len(l) < 200 && returnedMark.MatchString(l) && wordsIn(all[:i]) {
			notice, returned = all[:i], all[i+1:]
			break
		}
	}
	if len(notice) > maxNotice {
		notice = notice[:maxNotice]
	}
	return notice, returned
}

// wordsIn tells whether there are any: a text that begins with a mark has no notice above it.
func wordsIn(ls []string) bool {
	for _, l := range ls {
		if strings.IndexFunc(l, unicode.IsLetter) >= 0 {
			return true
		}
	}
	return false
}

// fieldsAt returns the names of the header fields in the paragraph from line i on, and the line after it.
func fieldsAt(all []string, i int) (fields map[string]bool, end int) {
	fields = map[string]bool{}
	for end = i; end < len(all) && end < i+200 && strings.TrimSpace(all[end]) != ""; end++ {
		if f := headerLine.FindStringSubmatch(all[end]); f != nil {
			fields[strings.ToLower(f[1])] = true
		}
	}
	return fields, end
}

// returnedHeader tells a mail's header from the few fields that a notice lists about the mail. Without the fields
// that programs write (Received, Message-ID), it is one only below the words of the report.
func returnedHeader(fields map[string]bool, above []string) bool {
	if fields["received"] || fields["message-id"] || fields["mime-version"] {
		return len(fields) >= 3
	}
	return fields["from"] && fields["date"] && fields["subject"] && fields["to"] && containsAny(flatten(above), phrases)
}
