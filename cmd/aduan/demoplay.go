package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"aduan/mailin"
	"aduan/mailout"
	"aduan/tickets"
)

// screenshot is the sample report's evidence.
//
//go:embed demo.png
var screenshot []byte

// play is the sample case: what each part writes, and what they wait for.
type play struct {
	office *postOffice
	ctx    context.Context
}

// received is a mail that a part got and can answer.
type received struct {
	who     part
	from    string
	replyTo string
	id      string
	subject string
	text    string
}

// line is one step of the story: somebody answers the last mail that they got, and somebody hears of it.
type line struct {
	scene string
	who   part
	says  string
	hears []part
}

var story = []line{
	{"3.2 Verifikasi: Front Desk verifies with one line on top of an answer", demoFrontDesk,
		"/verifikasi jenis=defacement tingkat=berbahaya\n\nHalaman depan diganti sejak pukul 07.40. Log akses dan salinan halaman sudah disimpan.", []part{demoReporter, demoFrontDesk}},
	{"3.2 Meneruskan tiket: and passes it to an agent", demoFrontDesk,
		"/teruskan budi@csirt.example\n\nTolong ditangani hari ini, situs layanan publik.", []part{demoReporter, demoFrontDesk, demoAgent}},
	{"3.3 Respon: the agent asks the reporter", demoAgent,
		"/tanya\n\nApakah ada cadangan (backup) situs, dan siapa yang memegang akses ke server?", []part{demoReporter, demoAgent}},
	{"3.3 Respon: the reporter simply answers", demoReporter,
		"Ada, cadangan setiap malam. Akses server dipegang Pak Nyoman dari bagian TI.", []part{demoAgent}},
	{"3.3 Penanganan di tempat: a visit, with an invitation", demoAgent,
		"/lapangan besok 10.00 Ruang server Dinas Kesehatan\n\nMohon Pak Nyoman hadir dan membawa cadangan.", []part{demoReporter, demoAgent}},
	{"3.3 Rekomendasi: the result", demoAgent,
		"/rekomendasi\n\n1. Pulihkan situs dari cadangan dari malam sebelum kejadian.\n2. Perbarui CMS dan semua plugin.\n3. Ganti seluruh kata sandi dan aktifkan autentikasi dua langkah.", []part{demoReporter, demoAgent}},
	{"3.4 Pantauan: monitoring", demoAgent, "/pantau\n\nSitus sudah pulih; kami pantau selama seminggu.", []part{demoReporter, demoAgent}},
	{"3.4 Close Ticket: closing", demoAgent, "/tutup\n\nTerima kasih atas kerja samanya.", []part{demoReporter, demoAgent}},
	{"Reopening: an answer on a closed ticket", demoReporter, "Mohon maaf, pagi ini halaman judi itu muncul lagi di mesin pencari.", []part{demoReporter, demoAgent}},
}

// run plays the case from the report on and returns the ticket's number.
func (p *play) run() (tickets.Number, error) {
	p.office.stage.scene("3.1 Open Ticket: a constituent reports, with a screenshot")
	if err := p.report(); err != nil {
		return "", err
	}
	last := map[string]*received{}
	hear := func(people []part) error {
		for _, who := range people {
			m, err := p.await(who)
			if err != nil {
				return err
			}
			last[who.address] = m
		}
		return nil
	}
	if err := hear([]part{demoReporter, demoFrontDesk}); err != nil {
		return "", err
	}
	number := tickets.NewNumbers("BALIPROV-CSIRT").Find(last[demoReporter.address].subject)
	for _, l := range story {
		p.office.stage.scene(l.scene)
		if err := p.answer(last[l.who.address], l.says); err != nil {
			return "", err
		}
		if err := hear(l.hears); err != nil {
			return "", fmt.Errorf("%s: %w", l.scene, err)
		}
	}
	return number, nil
}

// await returns the next mail to somebody.
func (p *play) await(who part) (*received, error) {
	select {
	case raw := <-p.office.came[who.address]:
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("read the mail to %s: %w", who.address, err)
		}
		replyTo, err := mail.ParseAddress(m.Header.Get("Reply-To"))
		if err != nil {
			return nil, fmt.Errorf("read the reply address for %s: %w", who.address, err)
		}
		parsed := mailin.Parse(p.ctx, bytes.NewReader(raw), mailin.Limits{})
		return &received{who, parsed.From.Address, replyTo.Address, m.Header.Get("Message-ID"), parsed.Subject, parsed.Text}, nil
	case <-p.ctx.Done():
		return nil, fmt.Errorf("no mail came to %s: %w", who.address, p.ctx.Err())
	}
}

func (p *play) report() error {
	m, err := letter(demoReporter, demoGateway.address, "Situs dinas kami diretas")
	if err != nil {
		return err
	}
	m.SetBodyString(gomail.TypeTextPlain, "Selamat pagi,\n\nSejak tadi pagi halaman berita situs Dinas Kesehatan berubah menjadi tulisan \"HACKED\"\ndan muncul iklan judi. Tangkapan layar terlampir.\n\nTingkat: berbahaya\n\nMohon bantuannya, terima kasih.\n\n-- \nNi Made Ani\nDinas Kesehatan Provinsi Bali\n")
	if err := m.AttachReader("tangkapan-layar.png", bytes.NewReader(screenshot)); err != nil {
		return fmt.Errorf("attach the screenshot: %w", err)
	}
	return p.post(m, demoReporter, demoGateway.address)
}

// answer writes an answer as a mail program does: the words on top, the mail that it answers quoted below.
func (p *play) answer(to *received, words string) error {
	subject := to.subject
	if !strings.HasPrefix(subject, "Re: ") {
		subject = "Re: " + subject
	}
	m, err := letter(to.who, to.replyTo, subject)
	if err != nil {
		return err
	}
	m.SetGenHeader(gomail.HeaderInReplyTo, to.id)
	m.SetGenHeader(gomail.HeaderReferences, to.id)
	quoted := "> " + strings.ReplaceAll(strings.TrimSpace(to.text), "\n", "\n> ")
	m.SetBodyString(gomail.TypeTextPlain, words+"\n\nPada "+time.Now().Format("02/01/2006 15.04")+", Baliprov-CSIRT <"+to.from+"> menulis:\n\n"+quoted+"\n")
	return p.post(m, to.who, to.replyTo)
}

func letter(from part, to, subject string) (*gomail.Msg, error) {
	m := gomail.NewMsg()
	if err := m.FromFormat(from.name, from.address); err != nil {
		return nil, fmt.Errorf("write a mail: %w", err)
	}
	if err := m.To(to); err != nil {
		return nil, fmt.Errorf("write a mail: %w", err)
	}
	m.Subject(subject)
	m.SetMessageID()
	m.SetDate()
	return m, nil
}

// post hands a mail to the demo's server by SMTP, as a mail client does.
func (p *play) post(m *gomail.Msg, from part, to string) error {
	var raw bytes.Buffer
	if _, err := m.WriteTo(&raw); err != nil {
		return fmt.Errorf("write a mail: %w", err)
	}
	relay := mailout.NewRelay(mailout.RelayConfig{Addr: p.office.smtp.Addr(), TLS: mailout.Plain, Username: from.address, Password: demoPassword, Connections: 1})
	defer relay.Close()
	if _, err := relay.Send(p.ctx, from.address, to, &raw); err != nil {
		return fmt.Errorf("send the mail of %s: %w", from.address, err)
	}
	return nil
}
