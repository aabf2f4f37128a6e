package mailin_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

const (
	made = "made@dinsos.baliprov.example" // who reports the same as ani
	tri  = "tri@dinsos.baliprov.example"  // whose report is rejected
)

// readers says who outside staff may read a word. What is not here but in a mail is nobody's business in this test.
var readers = map[string][]string{
	"LAPORANANI": {ani}, "Ani Pelapor": {ani, putu}, "buktiani": {ani}, "ISIBUKTIANI": {ani}, "JAWABANANI": {ani},
	"LAPORANMADE": {made}, "Made Pelapor": {made}, "JAWABANMADE": {made},
	"LAPORANTRI": {tri}, "Tri Pelapor": {tri}, "ALASANTOLAK": {tri},
	"KATAPUTU": {putu}, "KATALUAR": nil, "Orang Luar": nil, "orang@luar.example": nil,
	"CATATANDALAM": nil, "buktidalam": nil, "ISIDALAM": nil, "VERIFIKASIDALAM": nil, "TERUSKANDALAM": nil, "KEMBALIDALAM": nil, "BISIKDALAM": nil,
	"TANYAKELUAR": {ani}, "BALASKELUAR": {ani, putu}, "buktikeluar": {ani, putu}, "ISIKELUAR": {ani, putu},
	"LAPANGANKELUAR": {ani}, "SARANKELUAR": {ani}, "PANTAUKELUAR": {ani}, "TUTUPKELUAR": {ani},
}

// reading is what the people outside staff were sent in one case.
type reading struct {
	*scene
	kinds map[tickets.Kind]bool
	found map[string]bool // words that reached a reader outside
	ids   map[string]string
}

// look inspects mails that were sent.
func (r *reading) look(sent []tickets.Notice) {
	r.t.Helper()
	for _, n := range sent {
		r.ids[n.MessageID] = n.To.Address
	}
	for _, n := range sent {
		if n.Audience == tickets.ToStaff {
			continue
		}
		r.kinds[n.Kind] = true
		for _, i := range n.Items {
			r.kinds[i.Kind] = true
		}
		r.inspect(n)
	}
}

func (r *reading) inspect(n tickets.Notice) {
	r.t.Helper()
	whole := r.whole(n)
	holds := func(word string) bool { return strings.Contains(whole, strings.ToLower(word)) }
	for word, allowed := range readers {
		if !holds(word) {
			continue
		}
		if r.found[word] = true; !slices.Contains(allowed, n.To.Address) {
			r.t.Errorf("%s to %s holds %s", n.Kind, n.To.Address, word)
		}
	}
	for _, address := range []string{fd, budi, wayan, kepala} {
		if holds(address) {
			r.t.Errorf("%s to %s names %s", n.Kind, n.To.Address, address)
		}
	}
	for _, foreign := range []map[string]string{r.tokens, r.ids} {
		for token, whose := range foreign {
			if whose != n.To.Address && holds(token) {
				r.t.Errorf("%s to %s holds %s of %s", n.Kind, n.To.Address, token, whose)
			}
		}
	}
}

// whole is the mail as it goes out and every header field and part of it decoded, in small letters. It is read by a library and not
// by our own reader, so that no fault of reading hides one of writing.
func (r *reading) whole(n tickets.Notice) string {
	r.t.Helper()
	var raw bytes.Buffer
	if _, err := r.render.Render(context.Background(), n, &raw); err != nil {
		r.t.Fatal(err)
	}
	all := bytes.NewBuffer(slices.Clone(raw.Bytes()))
	e, err := message.Read(&raw)
	if err != nil {
		r.t.Fatal(err)
	}
	err = e.Walk(func(_ []int, part *message.Entity, err error) error {
		if err != nil {
			return err
		}
		for fields := part.Header.Fields(); fields.Next(); {
			text, _ := fields.Text()
			all.WriteString("\n" + text)
		}
		_, params, _ := part.Header.ContentDisposition()
		all.WriteString("\n" + params["filename"] + "\n")
		if kind, _, _ := part.Header.ContentType(); strings.HasPrefix(kind, "multipart/") {
			return nil
		}
		_, err = io.Copy(all, part.Body)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.ToLower(all.String())
}

// goes takes in a mail with a file and inspects what follows.
func (r *reading) goes(from, to, text, file, content string, fields ...string) tickets.Filed {
	r.t.Helper()
	body := "--b\r\n" + plain + text + "\r\n"
	if file != "" {
		body += "--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=" + file + ".csv\r\n\r\n" + content + "\r\n"
	}
	filed, sent := r.take(r.mail(from, to, body+"--b--\r\n", append(fields, "Content-Type: multipart/mixed; boundary=b")...))
	if filed[0].Refused != "" {
		r.t.Fatalf("%s: %q: %s", from, text, filed[0].Refused)
	}
	r.look(sent)
	return filed[0]
}

// says answers the last mail that somebody got about a case.
func (r *reading) says(who string, n tickets.Number, text string) {
	r.t.Helper()
	r.goes(who, r.replyOn(who, n), text, "", "")
}

func TestNobodyOutsideReceivesWhatIsNotTheirs(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		r := &reading{scene: newScene(t, d), kinds: map[tickets.Kind]bool{}, found: map[string]bool{}, ids: map[string]string{}}
		report := func(from, text, file string) tickets.Number {
			return r.goes(from, ticketstest.Address, text, file, "ISIBUKTIANI", "Subject: "+text).Ticket
		}
		n := report("Ani Pelapor <"+ani+">", "LAPORANANI", "buktiani")
		other := report("Made Pelapor <"+made+">", "LAPORANMADE", "")
		third := report("Tri Pelapor <"+tri+">", "LAPORANTRI", "")
		r.n = n
		r.opensUp(n)
		r.says(fd, third, "/reject\r\nALASANTOLAK")
		r.says(fd, other, "/duplicate "+string(n))
		r.says(made, other, "JAWABANMADE")
		r.says(made, other, "/status")
		r.worksOn(n)
		for _, kind := range []tickets.Kind{tickets.KindAcknowledged, tickets.KindVerified, tickets.KindResponding, tickets.KindHandedBack, tickets.KindQuestion, tickets.KindAgain, tickets.KindMessage,
			tickets.KindOnsite, tickets.KindRecommended, tickets.KindMonitoring, tickets.KindClosed, tickets.KindReopened, tickets.KindRejected, tickets.KindDuplicate, tickets.KindFollowed,
			tickets.KindInvited, tickets.KindContinued, tickets.KindStatus, tickets.KindHelp} {
			if !r.kinds[kind] {
				t.Errorf("nobody was told %q: the test inspects too little", kind)
			}
		}
		for _, word := range []string{"TANYAKELUAR", "BALASKELUAR", "buktikeluar", "ISIKELUAR", "LAPANGANKELUAR", "SARANKELUAR", "PANTAUKELUAR", "TUTUPKELUAR", "ALASANTOLAK"} {
			if !r.found[word] {
				t.Errorf("%s reached nobody: the test inspects too little", word)
			}
		}
		r.WantClean()
	})
}

// opensUp is Front Desk's part of a case, with a question that is asked twice.
func (r *reading) opensUp(n tickets.Number) {
	r.t.Helper()
	r.goes(fd, r.replyOn(fd, n), "/note\r\nCATATANDALAM", "buktidalam", "ISIDALAM")
	r.says(fd, n, "/verify type=defacement\r\nVERIFIKASIDALAM")
	r.says(fd, n, "/ask\r\nTANYAKELUAR\r\n-- \r\nKetut, "+fd)
	r.Pass(5 * 24 * time.Hour)
	if _, err := r.Remind(r.t.Context(), r.Now()); err != nil {
		r.t.Fatal(err)
	}
	_, sent := r.take(nil)
	r.look(sent)
	r.says(ani, n, "JAWABANANI")
	r.says(fd, n, "/forward "+budi+"\r\nTERUSKANDALAM")
}

// worksOn is the owner's part of a case, from the first visit to an answer that comes too late.
func (r *reading) worksOn(n tickets.Number) {
	r.t.Helper()
	r.says(budi, n, "/cc "+putu)
	r.goes(budi, r.replyOn(budi, n), "/reply\r\nBALASKELUAR, hubungi "+budi+" atau "+wayan, "buktikeluar", "ISIKELUAR")
	r.says(putu, n, "KATAPUTU")
	r.says(putu, n, "/status")
	r.says(putu, n, "/help")
	r.goes("Orang Luar <orang@luar.example>", ticketstest.Address, "KATALUAR", "", "")
	r.says(budi, n, "/onsite besok 10.00 Ruang server\r\nLAPANGANKELUAR")
	r.says(budi, n, "/note\r\nBISIKDALAM")
	r.says(ani, n, "/status")
	r.says(ani, n, "/help")
	r.says(budi, n, "/forward front-desk\r\nKEMBALIDALAM")
	r.says(fd, n, "/forward "+budi)
	r.says(budi, n, "/recommend\r\nSARANKELUAR")
	r.says(budi, n, "/monitor\r\nPANTAUKELUAR")
	r.says(ani, n, "/unsolved")
	r.says(budi, n, "/close\r\nTUTUPKELUAR")
	r.Pass(20 * 24 * time.Hour)
	r.says(ani, n, "Muncul lagi. JAWABANANI")
}
