package mailout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"aduan/tickets"
)

// Check renders a sample of every kind for every class of recipient in every language, and returns all faults, which name
// template and line. It reads no evidence and sends nothing.
func (r *Renderer) Check(ctx context.Context) error {
	probe := *r
	probe.open = func(context.Context, string, string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	probe.settings.Staff = func(context.Context) ([]tickets.Staff, error) { return sampleStaff(), nil }
	probe.settings.CaseFile = func(context.Context, tickets.Number) (tickets.CaseFile, error) {
		return sampleCase(r.settings.Prefix), nil
	}
	var faults []error
	for _, n := range Samples(r.settings.Prefix) {
		if _, err := probe.Render(ctx, n, io.Discard); err != nil {
			faults = append(faults, fmt.Errorf("sample of %s to %s in %s: %w", n.Kind, n.Audience, n.Language, err))
		}
	}
	return errors.Join(faults...)
}

// Samples are notices of every kind to every class of recipient that receives it, in both languages, with a case invented
// for the purpose.
func Samples(prefix string) []tickets.Notice {
	var all []tickets.Notice
	for _, l := range []tickets.Language{tickets.Indonesian, tickets.English} {
		for _, k := range kindsOutside {
			all = append(all, sample(prefix, l, tickets.ToReporter, k), sample(prefix, l, tickets.ToParticipant, k))
		}
		for _, k := range kindsStaff {
			all = append(all, sample(prefix, l, tickets.ToStaff, k))
		}
		all = append(all, sample(prefix, l, tickets.ToNational, tickets.KindNational))
		// One mail that tells two states, as a mail with two commands causes it.
		two := sample(prefix, l, tickets.ToReporter, tickets.KindResponding)
		two.Items = append(sample(prefix, l, tickets.ToReporter, tickets.KindVerified).Items, two.Items...)
		all = append(all, two)
	}
	return all
}

var kindsOutside = []tickets.Kind{
	tickets.KindAcknowledged, tickets.KindVerified, tickets.KindResponding, tickets.KindHandedBack, tickets.KindQuestion,
	tickets.KindMessage, tickets.KindOnsite, tickets.KindRecommended, tickets.KindMonitoring, tickets.KindClosed, tickets.KindReopened,
	tickets.KindRejected, tickets.KindDuplicate, tickets.KindFollowed, tickets.KindInvited, tickets.KindContinued, tickets.KindAgain,
	tickets.KindSolved, tickets.KindUnsolved, tickets.KindStatus, tickets.KindHelp,
}

// kindsStaff is every kind: staff may be told of everything.
var kindsStaff = append([]tickets.Kind{
	tickets.KindNewReport, tickets.KindForwarded, tickets.KindHandedOn, tickets.KindNote, tickets.KindUnproven, tickets.KindUnverified,
	tickets.KindReminder, tickets.KindAway, tickets.KindBounced, tickets.KindUndelivered, tickets.KindList, tickets.KindBacklog,
	tickets.KindBadMail, tickets.KindWarning, tickets.KindPassedOn, tickets.KindDone, tickets.KindRefused,
	tickets.KindConfirm, tickets.KindEvidence, tickets.KindPassword,
	tickets.KindDeadline, tickets.KindStatutory, tickets.KindDigest, tickets.KindFigures, tickets.KindHistory,
	tickets.KindNationalDraft, tickets.KindNational, tickets.KindNationalAnswer,
}, kindsOutside...)

// sampleTime is when the invented case was reported.
var sampleTime = time.Date(2026, time.November, 23, 6, 5, 0, 0, time.UTC)

func sampleStaff() []tickets.Staff {
	return []tickets.Staff{
		{ID: 1, Name: "Made Suardana", Address: "frontdesk@csirt.example", Roles: []tickets.Role{tickets.FrontDesk}},
		{ID: 2, Name: "Budi Hartawan", Address: "budi@csirt.example", Roles: []tickets.Role{tickets.Agent}, Team: "web", Aliases: []string{"budi.hp@mail.example"}},
		{ID: 3, Name: "Luh Ayu Pratiwi", Address: "ayu@csirt.example", Roles: []tickets.Role{tickets.Agent}, Team: "network"},
	}
}

func sampleTicket(prefix string, l tickets.Language, state tickets.State) tickets.Ticket {
	t := tickets.Ticket{
		Number: tickets.NewNumber(prefix, 2026, 123), State: state, Subject: "Situs dinas berubah tampilan", Language: l, TLP: tickets.TLPAmber,
		Reporter: tickets.Address{Name: "Ani Wijaya", Address: "ani@dinas.example"}, Reported: tickets.Critical,
		OpenedAt: sampleTime, Participants: []string{"kepala@dinas.example"},
	}
	if state != tickets.Open {
		t.Type, t.Severity = "defacement", tickets.High
	}
	if state == tickets.Responding || state == tickets.Monitoring || state == tickets.Closed {
		t.Owner, t.OwnerName = "budi@csirt.example", "Budi Hartawan"
	}
	if state == tickets.Closed || state == tickets.Monitoring {
		t.Recommendations = []string{"1. Ganti semua kata sandi admin.\n2. Perbarui CMS dan semua plugin.\n3. Pasang WAF di depan situs."}
	}
	return t
}

func sampleMessages() map[int64]tickets.Message {
	report := "Selamat pagi,\n\nHalaman depan situs dinas kami berubah sejak pukul 05.30.\nAlamat: https://dinas.example/\n\nMohon bantuannya.\n\nAni Wijaya"
	shot := tickets.Attachment{Filename: "tangkapan layar.png", ContentType: "image/png", Size: 48_213, SHA256: sampleHash('a'), Place: "2", Number: 1}
	macro := tickets.Attachment{Filename: "daftar akun.xlsm", ContentType: "application/vnd.ms-excel", Size: 91_244, SHA256: sampleHash('b'), Place: "3", Number: 2}
	staffWords := "Mohon kirim log akses server web dari tanggal 22 November.\nApakah situs ini memakai CMS?"
	return map[int64]tickets.Message{
		1: {ID: 1, At: sampleTime, Direction: "in", Visibility: tickets.VisiblePublic, From: "ani@dinas.example", FromName: "Ani Wijaya",
			Subject: "Situs dinas berubah tampilan", Text: report, NewText: report, Body: report, Proof: "none", SHA256: sampleHash('c'),
			Attachments: []tickets.Attachment{shot, macro}},
		2: {ID: 2, At: sampleTime.Add(40 * time.Minute), Direction: "in", Visibility: tickets.VisiblePublic, From: "budi@csirt.example", FromName: "Budi Hartawan",
			Text: staffWords, NewText: "/tanya\n" + staffWords, Body: staffWords, Proof: "reply-address", SHA256: sampleHash('d')},
		3: {ID: 3, At: sampleTime.Add(20 * time.Minute), Direction: "in", Visibility: tickets.VisibleInternal, From: "frontdesk@csirt.example", FromName: "Made Suardana",
			Text: "Sudah dua kali terjadi pada dinas ini.", NewText: "Sudah dua kali terjadi pada dinas ini.", Body: "Sudah dua kali terjadi pada dinas ini.", Proof: "dkim", SHA256: sampleHash('e')},
	}
}

func sampleHash(c byte) string { return string(bytes.Repeat([]byte{c}, 64)) }

// sampleState is where the invented ticket stands when a kind is told.
func sampleState(k tickets.Kind) tickets.State {
	if s, ok := reached[k]; ok {
		return s
	}
	switch k {
	case tickets.KindReminder:
		return tickets.Monitoring
	case tickets.KindSolved:
		return tickets.Closed
	}
	return tickets.Responding
}

func sample(prefix string, l tickets.Language, audience tickets.Audience, k tickets.Kind) tickets.Notice {
	state := sampleState(k)
	n := tickets.Notice{
		ID: 1, Attempt: 1, Kind: k, Audience: audience, Room: tickets.Public, Language: l, Automatic: true, Proven: true,
		To: tickets.Address{Name: "Ani Wijaya", Address: "ani@dinas.example"}, MessageID: "sample." + string(k) + "@csirt.example",
		ReplyTo: "aduan+r7k2m9x4q8w3@csirt.example", Ticket: sampleTicket(prefix, l, state), CreatedAt: sampleTime.Add(time.Hour),
		Texts: map[int64]tickets.Message{},
	}
	n.Subject = "[" + string(n.Ticket.Number) + "] " + n.Ticket.Subject
	if k != tickets.KindAcknowledged && k != tickets.KindNewReport {
		n.InReplyTo, n.References = "sample.first@csirt.example", []string{"sample.first@csirt.example"}
	}
	it := tickets.Item{Kind: k, At: sampleTime.Add(time.Hour).UnixMicro(), State: state}
	switch audience {
	case tickets.ToParticipant:
		n.To = tickets.Address{Name: "Kepala Dinas", Address: "kepala@dinas.example"}
	case tickets.ToNational:
		n.To = tickets.Address{Name: "TTIS Sektor", Address: "ttis-sektor@sektor.example"}
	case tickets.ToStaff:
		sampleForStaff(&n, &it)
	}
	sampleItem(&n, &it)
	n.Items = []tickets.Item{it}
	if k == tickets.KindDigest {
		for _, part := range []string{"overdue", "waiting", "ownerless", "mine", "trouble"} {
			n.Items = append(n.Items, tickets.Item{Kind: k, At: it.At, Text: part, Lines: []string{"BALIPROV-CSIRT-2026-0123, Ditangani, tenggat 24 November 2026, 10.00 WITA: Situs dinas berubah tampilan"}})
		}
	}
	return n
}

// sampleForStaff addresses a sample to the agent, or to Front Desk.
func sampleForStaff(n *tickets.Notice, it *tickets.Item) {
	n.To = tickets.Address{Name: "Budi Hartawan", Address: "budi@csirt.example"}
	n.Room = tickets.Internal
	it.Who = tickets.Address{Name: "Made Suardana", Address: "frontdesk@csirt.example"}
	switch n.Kind {
	case tickets.KindNewReport, tickets.KindVerified, tickets.KindHandedBack:
		n.To = it.Who
	}
	switch n.Kind {
	case tickets.KindNewReport, tickets.KindMessage, tickets.KindUnproven, tickets.KindUnverified, tickets.KindSolved, tickets.KindUnsolved:
		it.Who = n.Ticket.Reporter
	}
	if n.Kind == tickets.KindNewReport || n.Kind == tickets.KindMessage {
		n.Room = tickets.Public
	}
}

// sampleItem fills what a kind tells.
func sampleItem(n *tickets.Notice, it *tickets.Item) {
	staff := n.Audience == tickets.ToStaff
	show := func(id int64, files bool) {
		it.Message, it.Files = id, files
		n.Texts[id] = sampleMessages()[id]
	}
	switch n.Kind {
	case tickets.KindAcknowledged:
		show(1, false)
	case tickets.KindNewReport, tickets.KindUnproven, tickets.KindUnverified:
		show(1, true)
		it.Proof = "none"
	case tickets.KindMessage:
		show(2, true)
		if staff {
			show(1, true)
		}
	case tickets.KindQuestion, tickets.KindAgain, tickets.KindRecommended, tickets.KindReopened, tickets.KindPassedOn:
		show(2, true)
	case tickets.KindNote, tickets.KindAway:
		show(3, true)
	case tickets.KindHandedOn:
		it.Text = "Luh Ayu Pratiwi"
	case tickets.KindForwarded, tickets.KindHistory:
		if n.Kind == tickets.KindForwarded {
			show(3, true)
		}
		for id := int64(1); id <= 3; id++ {
			n.Case = append(n.Case, sampleMessages()[id])
		}
		n.Timeline = sampleTimeline()
	case tickets.KindOnsite, tickets.KindMonitoring, tickets.KindReminder:
		it.When, it.Place = sampleTime.AddDate(0, 0, 2).Add(-4*time.Hour-5*time.Minute).UnixMicro(), "Ruang server Dinas Kesehatan"
	case tickets.KindRejected:
		it.Text = "Gangguan ini berasal dari pemeliharaan jaringan yang terjadwal, bukan insiden siber."
	case tickets.KindDuplicate, tickets.KindFollowed, tickets.KindContinued:
		it.Number = tickets.Number("SAMPLE-2026-0099")
	case tickets.KindBounced, tickets.KindUndelivered:
		it.Text, it.Who = "550 5.1.1 <ani@dinas.example>: Recipient address rejected: User unknown", n.Ticket.Reporter
	case tickets.KindDone:
		it.Lines = []string{"/verifikasi: Terverifikasi", "/teruskan: Budi Hartawan"}
	case tickets.KindRefused:
		it.Text, it.Lines, it.Back = "/terusan budi@csirt.example", []string{"Tidak ada perintah /terusan. Mungkin maksud Anda /teruskan?"}, "/terusan budi@csirt.example\n\nMohon segera ditangani."
	case tickets.KindConfirm:
		it.Who, it.Proof, it.Place = tickets.Address{Address: "budi.hp@mail.example"}, "dmarc=none", "mail.example"
		it.When, it.Lines = sampleTime.Add(time.Hour).UnixMicro(), []string{"/teruskan ayu@csirt.example: Teruskan kasus ke seorang agen"}
	case tickets.KindEvidence, tickets.KindPassword:
		show(1, false)
		it.Evidence, it.Password = 2, "h7kq2mzx9wpt4rcd"
	case tickets.KindDeadline, tickets.KindStatutory:
		due := sampleTime.Add(4 * time.Hour)
		it.Clock, it.Share, it.When, n.Ticket.DueAt = "update", 75, due.UnixMicro(), &due
		if n.Kind == tickets.KindStatutory {
			it.Clock, it.Share = "iiv", 90
		}
	case tickets.KindNationalDraft, tickets.KindNational:
		it.Text = sampleReport
	case tickets.KindNationalAnswer:
		show(1, true)
		it.Who = tickets.Address{Address: "ttis-sektor@sektor.example"}
	case tickets.KindDigest:
		n.Ticket, it.State, it.Text, it.When, it.AllDay = tickets.Ticket{}, "", "head", sampleTime.UnixMicro(), true
	case tickets.KindBacklog:
		it.Text, it.Lines = "INBOX", []string{"BALIPROV-CSIRT-2026-0120: Surel lama", "BALIPROV-CSIRT-2026-0121: Surel lama lain"}
	case tickets.KindBadMail:
		it.Text, it.Lines = "read mail: a part without end", []string{"report", sampleHash('b')}
	case tickets.KindWarning:
		it.Text = "kotak surat report terakhir dibaca satu jam yang lalu"
	case tickets.KindFigures:
		n.Ticket, it.State, it.Text = tickets.Ticket{}, "", "2026-11"
		n.Figures = sampleFigures()
	case tickets.KindList:
		n.Ticket, it.State, it.Text = tickets.Ticket{}, "", "open"
		for _, s := range tickets.States()[:4] {
			n.Table = append(n.Table, sampleTicket("SAMPLE", n.Language, s))
		}
	}
}

// sampleReport is a report to the response teams, as the rules write it.
const sampleReport = `Nomor tiket: SAMPLE-2026-0123
Kepada: ttis-sektor@sektor.example
Tembusan: ttis-nasional@nasional.example
Kontak: Ani Wijaya <ani@dinas.example>
Jenis insiden: Web Defacement (Information Content Security / Unauthorised Modification of Information)
Tingkat: Berbahaya

DESKRIPSI
Halaman depan situs dinas kami berubah sejak pukul 05.30.

KRONOLOGI
- 23 November 2026, 14.05 WITA: laporan diterima
- 23 November 2026, 14.25 WITA: insiden terverifikasi

DAMPAK
Layanan informasi publik terhenti tiga jam.`

func sampleTimeline() []tickets.Event {
	return []tickets.Event{
		{At: sampleTime, Actor: "ani@dinas.example", Kind: "opened", To: tickets.Open},
		{At: sampleTime.Add(20 * time.Minute), Actor: "frontdesk@csirt.example", Kind: "verified", From: tickets.Open, To: tickets.Verified},
		{At: sampleTime.Add(21 * time.Minute), Actor: "frontdesk@csirt.example", Kind: "forwarded", From: tickets.Verified, To: tickets.Responding, Data: []byte(`{"to": "budi@csirt.example"}`)},
		{At: sampleTime.Add(22 * time.Minute), Actor: "gateway", Kind: "sent", From: tickets.Responding, To: tickets.Responding, Data: []byte(`{"to": "ani@dinas.example"}`)},
	}
}
