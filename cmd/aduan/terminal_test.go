package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode"

	"aduan/mailin"
	"aduan/tickets"
)

func TestStrangersWordsDoNotReachATerminalAsEscapeSequences(t *testing.T) {
	const evil = "a\x1b[2J\x07b\u202ec\u009b31m\r"
	var shown, inspected bytes.Buffer
	p := &parts{settings: &settings{location: time.UTC}}
	err := showText(p, tickets.File{Messages: []tickets.Message{{Direction: "in", NewText: evil + "\nbaris kedua"}}}, &shown)
	if err != nil {
		t.Fatal(err)
	}
	in := mailin.Inspection{File: "a.eml", Subject: evil, NewText: evil + "\nbaris kedua"}
	in.Attachments = append(in.Attachments, tickets.Attachment{Filename: evil})
	if err := inspectText(&inspected, in); err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"ticket show": shown.String(), "inspect": inspected.String()} {
		if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }); i >= 0 {
			t.Errorf("%s prints %q", what, text[i:min(len(text), i+20)])
		}
		if !strings.Contains(text, "baris kedua") {
			t.Errorf("%s lacks the second line:\n%s", what, text)
		}
	}
}
