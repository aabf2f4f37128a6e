package mailout

import (
	"bytes"
	"strings"
	"testing"

	"aduan/tickets"
)

func TestDangerousEvidenceIsAttachedInASealedZip(t *testing.T) {
	for _, l := range []tickets.Language{tickets.Indonesian, tickets.English} {
		n := sample(samplePrefix, l, tickets.ToStaff, tickets.KindEvidence)
		m := render(t, n)
		attached := m.attached()
		want := tickets.Words{ID: "bukti-2.zip", EN: "evidence-2.zip"}.In(l)
		if len(attached) != 1 || attached[0].filename != want || attached[0].kind != "application/zip" {
			t.Fatalf("attached %+v", attached)
		}
		name, content, err := unseal(t, []byte(attached[0].body), string(n.Items[0].Password))
		if err != nil || name != "daftar akun.xlsm" || !bytes.Equal(content, screenshot()) {
			t.Errorf("the zip holds %q, %d bytes, %v", name, len(content), err)
		}
		for where, text := range map[string]string{"the bytes": m.raw, "the text": m.text(), "the HTML": m.html(), "the record": m.record} {
			wantNotContains(t, where, text, string(n.Items[0].Password))
		}
		wantContains(t, "the text", m.text(), "[2] daftar akun.xlsm")
		if strings.Contains(m.raw, "preview-") {
			t.Error("a preview of what may be dangerous")
		}
	}
}

func TestHarmlessEvidenceIsAttachedAsItIs(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindEvidence)
	n.Items[0].Evidence, n.Items[0].Password = 1, ""
	m := render(t, n)
	if a := m.attached(); len(a) != 1 || a[0].filename != "tangkapan layar.png" || a[0].body != string(screenshot()) {
		t.Errorf("attached %d files", len(a))
	}
}

func TestDangerousEvidenceWithoutAPasswordIsWithheld(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindEvidence)
	n.Items[0].Password = ""
	if a := render(t, n).attached(); len(a) != 0 {
		t.Errorf("%s went along", a[0].filename)
	}
}

func TestThePasswordStandsInItsOwnMail(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindPassword)
	m := render(t, n)
	for where, text := range map[string]string{"the text": m.text(), "the HTML": m.html()} {
		wantContains(t, where, text, string(n.Items[0].Password))
		wantContains(t, where, text, "bukti-2.zip")
	}
	if len(m.attached()) > 0 {
		t.Error("the file goes with its password")
	}
	wantNotContains(t, "the subject", m.subject(t), string(n.Items[0].Password))
}

func TestStaffSeeTheNumbersOfAttachmentsAndNobodyElse(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindNewReport)
	text := render(t, n).text()
	wantContains(t, "the text", text, "[1] tangkapan layar.png")
	wantContains(t, "the text", text, "[2] daftar akun.xlsm")
	wantContains(t, "the text", text, "/bukti 2")
	n = sample(samplePrefix, tickets.Indonesian, tickets.ToReporter, tickets.KindMessage)
	message := n.Texts[2]
	message.Attachments = sampleMessages()[1].Attachments
	n.Texts[2] = message
	text = render(t, n).text()
	wantContains(t, "the text", text, "tangkapan layar.png")
	wantNotContains(t, "the text", text, "[1]")
	wantNotContains(t, "the text", text, "/bukti")
}

func TestARequestToConfirmOffersBothAnswersWhereItsAddressProvesThem(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindConfirm)
	n.Ticket = tickets.Ticket{}
	m := render(t, n)
	for _, body := range []string{"body=ya%0D%0A", "body=tidak%0D%0A"} {
		wantContains(t, "the HTML", m.html(), body)
	}
	wantContains(t, "the text", m.text(), "/teruskan ayu@csirt.example")
	wantContains(t, "the text", m.text(), "mail.example")
	n.ReplyTo = "aduan@csirt.example" // where the server knows no plus addresses, In-Reply-To has to name this mail
	wantNotContains(t, "the HTML", render(t, n).html(), "body=ya")
}
