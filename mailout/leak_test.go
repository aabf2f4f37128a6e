package mailout

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"aduan/tickets"
)

func TestWhatIsInternalIsRefusedToAnybodyOutside(t *testing.T) {
	r := newTestRenderer(t, witaSettings())
	for _, c := range []struct {
		about string
		spoil func(*tickets.Notice)
	}{
		{"a note", func(n *tickets.Notice) { n.Items[0].Kind = tickets.KindNote }},
		{"the whole case", func(n *tickets.Notice) { n.Items[0].Kind = tickets.KindForwarded }},
		{"a second item that is internal", func(n *tickets.Notice) { n.Items = append(n.Items, tickets.Item{Kind: tickets.KindNewReport}) }},
		{"an internal message", func(n *tickets.Notice) { n.Items[0].Message, n.Texts = 3, sampleMessages() }},
		{"an unproven message", func(n *tickets.Notice) { spoilMessage(n, tickets.VisibleUnproven) }},
		{"an unverified message", func(n *tickets.Notice) { spoilMessage(n, tickets.VisibleUnverified) }},
		{"a message without a word on who may see it", func(n *tickets.Notice) { spoilMessage(n, "") }},
		{"the messages of the case", func(n *tickets.Notice) { n.Case = []tickets.Message{{ID: 1}} }},
		{"the timeline", func(n *tickets.Notice) { n.Timeline = sampleTimeline() }},
		{"a list of tickets", func(n *tickets.Notice) { n.Table = []tickets.Ticket{{}} }},
		{"an internal room", func(n *tickets.Notice) { n.Room = tickets.Internal }},
	} {
		for _, audience := range []tickets.Audience{tickets.ToReporter, tickets.ToParticipant, ""} {
			n := sample(samplePrefix, tickets.Indonesian, audience, tickets.KindMessage)
			c.spoil(&n)
			var b bytes.Buffer
			if _, err := r.Render(context.Background(), n, &b); !errors.Is(err, ErrInternal) || b.Len() > 0 {
				t.Errorf("%s to %q: got %v and %d bytes", c.about, audience, err, b.Len())
			}
		}
	}
}

func spoilMessage(n *tickets.Notice, v tickets.Visibility) {
	m := n.Texts[2]
	m.Visibility = v
	n.Texts = map[int64]tickets.Message{2: m}
}

func TestAMessageThatIsMissingIsAnError(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToReporter, tickets.KindMessage)
	n.Texts = nil
	if _, err := newTestRenderer(t, witaSettings()).Render(context.Background(), n, &bytes.Buffer{}); err == nil {
		t.Error("rendered a message that is not there")
	}
}

func TestWhoIsNotProvenHearsNothingOfTheirOwnWords(t *testing.T) {
	r := newTestRenderer(t, witaSettings())
	for _, n := range Samples(samplePrefix) {
		if n.Audience != tickets.ToReporter {
			continue
		}
		n.Proven = false
		n.Subject = "[" + string(n.Ticket.Number) + "] Laporan insiden"
		n.To.Name, n.Ticket.Reporter.Name, n.Ticket.Subject = "KATAMEREKA Nama", "KATAMEREKA Nama", "KATAMEREKA Perihal"
		for i := range n.Items {
			n.Items[i].Back, n.Items[i].Who = "/selesai KATAMEREKA", tickets.Address{Name: "KATAMEREKA", Address: "katamereka@x.example"}
		}
		if n.Kind == tickets.KindAcknowledged {
			m := n.Texts[1]
			m.Text, m.NewText, m.Body, m.Subject, m.FromName = "KATAMEREKA", "KATAMEREKA", "KATAMEREKA", "KATAMEREKA", "KATAMEREKA"
			m.Attachments = []tickets.Attachment{{Filename: "KATAMEREKA.png", SHA256: sampleHash('a')}}
			n.Texts = map[int64]tickets.Message{1: m}
		}
		m := renderWith(t, r, n)
		for where, text := range map[string]string{"the bytes": m.raw, "the text": m.text(), "the HTML": m.html(), "the calendar": m.first("text/calendar")} {
			wantNotContains(t, string(n.Kind)+": "+where, text, "KATAMEREKA")
		}
		greeting := tickets.Words{ID: "Yth. Pelapor,", EN: "Dear reporter,"}.In(n.Language)
		wantContains(t, "the text", m.text(), greeting)
		if m.header.Get("To") != "<ani@dinas.example>" {
			t.Errorf("To: %q", m.header.Get("To"))
		}
	}
}

func TestStaffAddressesInPassedOnTextBecomeTheTeams(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToReporter, tickets.KindMessage)
	m := n.Texts[2]
	m.Body = "Hubungi Budi@CSIRT.example atau <mailto:frontdesk@csirt.example>, ayu@csirt.example.\n--\nTim\nbudi.hp@mail.example"
	m.Attachments = []tickets.Attachment{{Filename: "log budi@csirt.example.txt", ContentType: "text/plain", Size: 5, SHA256: sampleHash('a')}}
	n.Texts = map[int64]tickets.Message{2: m}
	got := render(t, n)
	wantContains(t, "the text", got.text(), "Hubungi aduan@csirt.example atau <mailto:aduan@csirt.example>, aduan@csirt.example.")
	for _, s := range sampleStaff() {
		wantNotContains(t, "the mail", got.raw+got.text()+got.html(), s.Address)
	}
	wantNotContains(t, "the text", got.text(), "budi.hp@mail.example")
	if name := got.attached()[0].filename; strings.Contains(name, "budi") {
		t.Errorf("attached as %q", name)
	}
}

func TestARegisteredAddressIsFoundAsAWhole(t *testing.T) {
	r := newRedactor(sampleStaff(), "aduan@csirt.example", "ani@dinas.example")
	for _, c := range []struct{ about, text, want string }{
		{"alone", "budi@csirt.example", "aduan@csirt.example"},
		{"in any case", "BUDI@Csirt.Example", "aduan@csirt.example"},
		{"in brackets", "<budi@csirt.example>", "<aduan@csirt.example>"},
		{"twice", "budi@csirt.example;budi@csirt.example", "aduan@csirt.example;aduan@csirt.example"},
		{"before a full stop", "ke budi@csirt.example.", "ke aduan@csirt.example."},
		{"before a full stop without its blank", "ke budi@csirt.example.Salam", "ke aduan@csirt.example.Salam"},
		{"between marks of emphasis", "_budi@csirt.example_ *ayu@csirt.example*", "_aduan@csirt.example_ *aduan@csirt.example*"},
		{"encoded in a link", "mailto:budi%40csirt.example", "mailto:aduan@csirt.example"},
		{"after letters of another script that folding would lengthen", "İİ budi@csirt.example", "İİ aduan@csirt.example"},
		{"not as the end of another", "abudi@csirt.example x.budi@csirt.example", "abudi@csirt.example x.budi@csirt.example"},
		{"not as the beginning of another", "budi@csirt.examples", "budi@csirt.examples"},
		{"the recipient's own stays", "ani@dinas.example", "ani@dinas.example"},
	} {
		if got := r.hide(c.text); got != c.want {
			t.Errorf("%s: got %q, want %q", c.about, got, c.want)
		}
		if _, found := r.finds(r.hide(c.text)); found {
			t.Errorf("%s: still found", c.about)
		}
	}
}

func TestNothingOfAStaffMailBelowItsWordsGoesOut(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToReporter, tickets.KindMessage)
	m := n.Texts[2]
	m.Body, m.NewText, m.Text = "", "/rekomendasi", "/rekomendasi\n> RAHASIA yang dikutip"
	n.Texts = map[int64]tickets.Message{2: m}
	got := render(t, n)
	wantNotContains(t, "the mail", got.text()+got.html(), "RAHASIA")
}

func TestWhatReportersWriteIsTextInHTML(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindNewReport)
	m := n.Texts[1]
	m.Text = "<script>alert(1)</script>\n  <img src=x onerror=y>\n\n\"&amp;"
	n.Texts = map[int64]tickets.Message{1: m}
	n.Items[0].Who.Name = `</td><script>x</script>`
	n.Ticket.Subject = `"><b>bold`
	got := render(t, n)
	for _, raw := range []string{"<script", "<img src=x", "<b>bold"} {
		wantNotContains(t, "the HTML", got.html(), raw)
	}
	wantContains(t, "the HTML", got.html(), "&lt;script&gt;alert(1)&lt;/script&gt;<br>\n&nbsp;&nbsp;&lt;img src=x onerror=y&gt;<br>\n<br>\n")
	wantContains(t, "the text", got.text(), "<script>alert(1)</script>")
}

func TestAMailStaysWithinASizeThatRelaysTake(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindForwarded)
	for range 30 {
		m := n.Case[0]
		m.Text = strings.Repeat("Satu baris dari surat yang panjang.\n", 10_000)
		n.Case = append(n.Case, m)
	}
	got := render(t, n)
	if len(got.raw) > 3_000_000 {
		t.Errorf("a mail of %d bytes", len(got.raw))
	}
	wantContains(t, "the text", got.text(), "surel aslinya tersimpan utuh sebagai bukti")
}
