package bounce

import (
	"regexp"
	"strings"
)

// enhanced finds an RFC 3463 status code that is not a piece of an IP address or of a version.
var enhanced = regexp.MustCompile(`(?:^|[^0-9A-Za-z.\-_/])([245]\.[0-7]\.\d{1,3})(?:$|[^0-9A-Za-z._\-]|\.(?:\s|$))`)

// afterReply finds the status code that follows a reply code (RFC 2034), which nothing else can be.
var afterReply = regexp.MustCompile(`(?:^|[^0-9.])([245])\d\d[ \-](?:\d{3}[ \-])?#?([245]\.\d{1,3}\.\d{1,3})(?:$|[^0-9])`)

// reply finds an SMTP reply code where a server's answer begins: at the start, after a colon or a mark.
var reply = regexp.MustCompile(`(?i)(?:^|[:;>\[(']|\bsaid|\bresponded|\breason|\berror|\bcode|\breturned|<<<)[\s:'"]*([45])\d\d(?:[ \-:)]|$)`)

// codeIn reads the status from a server's words: a literal status code, else the class that its reply code means
// (RFC 5321 section 4.2.1: 4yz transient, 5yz permanent) with nothing claimed beyond that.
func codeIn(s string) string {
	if m := afterReply.FindStringSubmatch(s); m != nil && m[1] == m[2][:1] {
		return m[2]
	}
	if m := enhanced.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	if m := reply.FindStringSubmatch(strings.TrimSpace(s)); m != nil {
		return m[1] + ".0.0"
	}
	return ""
}

// delayWords say that the mail system is still trying.
var delayWords = []string{
	"has not yet been delivered", "not yet been delivered", "has been delayed", "is delayed for", "still being retried",
	"this is a warning message only", "warning only", "you do not need to resend", "delivery attempts will continue",
	"will be retried", "will keep trying", "continue to be made", "temporary failure report", "could not be delivered for",
	"has been queued for", "delivery is delayed", "delivery delayed", "delivery to the following recipients has been delayed",
	"advisory-only", "just a warning", "will continue trying", "will try again", "could not yet be delivered", "delivery has been postponed",
	"noch nicht zugestellt", "verzögert", "n'a pas encore été", "retardée", "todavía no se ha entregado", "se ha retrasado",
	"masih dicoba", "belum terkirim", "belum dapat dikirim", "tertunda", "遅延", "延迟", "задержк",
}

// finalWords say that it has given up, whatever else it says.
var finalWords = []string{
	"permanent error", "permanent failure", "failed permanently", "given up", "giving up", "not going to try again",
	"permanent fatal error", "no further delivery attempts", "no further attempts", "could not be delivered to the following recip",
}

// delaySubject is the subject of a warning.
var delaySubject = regexp.MustCompile(`(?i)^\W*warning\b|\bdelay(?:ed)?\b|still (?:being )?retr|\btertunda\b|verzögert|retard|遅延`)

// textAction tells from words alone whether a mail failed or is late.
func (m *mail) textAction() string {
	if containsAny(m.flat, finalWords) {
		return "failed"
	}
	if containsAny(m.flat, delayWords) || delaySubject.MatchString(m.in.Subject) {
		return "delayed"
	}
	return "failed"
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}
