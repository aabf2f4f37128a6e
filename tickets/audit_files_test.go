package tickets_test

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func TestAuditFindsEveryFileThatWasTouched(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		n := caseWithAttachment(t, d)
		messages := d.Show(n).Messages
		one, other := placeOf(t, d, messages[0].SHA256), placeOf(t, d, messages[1].SHA256)
		whole, err := os.ReadFile(one)
		if err != nil {
			t.Fatal(err)
		}
		for about, touch := range map[string]func() error{
			"edited":    func() error { return os.WriteFile(one, append([]byte("x"), whole[1:]...), 0o600) },
			"truncated": func() error { return os.Truncate(one, 3) },
			"emptied":   func() error { return os.Truncate(one, 0) },
			"longer":    func() error { return os.WriteFile(one, append(whole[:len(whole):len(whole)], '\n'), 0o600) },
			"removed":   func() error { return os.Remove(one) },
			"exchanged": func() error {
				b, err := os.ReadFile(other)
				if err != nil {
					return err
				}
				return os.WriteFile(one, b, 0o600)
			},
		} {
			if err := touch(); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(faults(t, d), "\n"); !strings.Contains(got, messages[0].SHA256) {
				t.Errorf("%s: found %q", about, got)
			}
			if err := os.WriteFile(one, whole, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		d.WantClean()
	})
}

func TestFileThatNothingNamesIsARemark(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		caseWithAttachment(t, d)
		sum, _, err := tickets.PutEvidence(t.Context(), d.Evidence, strings.NewReader("left by a crash"))
		if err != nil {
			t.Fatal(err)
		}
		if got := head(t, d, "").Remarks; len(got) > 0 {
			t.Errorf("a file of this moment may belong to a mail on its way: %q", got)
		}
		yesterday := time.Now().Add(-24 * time.Hour)
		if err := os.Chtimes(placeOf(t, d, sum), yesterday, yesterday); err != nil {
			t.Fatal(err)
		}
		if a := head(t, d, ""); len(a.Faults) > 0 || len(a.Remarks) != 1 || !strings.Contains(a.Remarks[0], sum) {
			t.Errorf("%+v", a)
		}
	})
}

func TestAuditReadsTheAttachmentsOfRawMailsAgain(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		caseWithAttachment(t, d)
		index := tickets.Attachment{Filename: "layar.png", ContentType: "image/png", Size: 3, SHA256: strings.Repeat("ab", 32), Place: "2"}
		for words, change := range map[string]func(*tickets.Attachment){
			"":                              func(*tickets.Attachment) {},
			"does not hold attachment 1":    func(a *tickets.Attachment) { a.Place = "3" },
			"holds another attachment 1":    func(a *tickets.Attachment) { a.SHA256 = strings.Repeat("cd", 32) },
			"4 bytes, the index says 3":     func(a *tickets.Attachment) { a.Size = 4 },
			`calls attachment 1 "lain.png"`: func(a *tickets.Attachment) { a.Filename = "lain.png" },
		} {
			raw := index
			change(&raw)
			a, err := d.AuditWith(t.Context(), tickets.Auditing{Evidence: d.Evidence, Parts: func(context.Context, io.Reader) []tickets.Attachment { return []tickets.Attachment{raw} }})
			if got := strings.Join(a.Faults, "\n"); err != nil || !strings.Contains(got, words) || words == "" && got != "" {
				t.Errorf("want %q, found %q, %v", words, got, err)
			}
		}
	})
}
