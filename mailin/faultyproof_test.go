package mailin

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

	"aduan/mailin/internal/entity"
	"aduan/mailin/internal/mailbox"
	"aduan/tickets"
)

// faulty panics over one sender's mails, as a library may over a signature that nobody foresaw.
type faulty struct{}

func (faulty) Check(_ context.Context, h entity.Header, _ func() (io.ReadCloser, error)) tickets.Authentication {
	if strings.Contains(h.Get("From"), "jahat") {
		panic("a signature that nobody foresaw")
	}
	return tickets.Authentication{DKIM: "csirt.example"}
}

// claimers is a record to which every sender is one of staff.
type claimers struct{ Record }

func (claimers) Urgencies(_ context.Context, waiting []tickets.Envelope) ([]tickets.Urgency, error) {
	all := make([]tickets.Urgency, len(waiting))
	for i := range all {
		all[i] = tickets.Claimed
	}
	return all, nil
}

func TestFaultInReadingOneSignatureLeavesOtherMailsTheirProofAndTheirOrder(t *testing.T) {
	var log bytes.Buffer
	i := &Intake{Record: claimers{}, Authentication: faulty{}, Log: slog.New(slog.NewTextHandler(&log, nil))}
	headers := [][]byte{[]byte("From: jahat@csirt.example\r\n\r\n"), []byte("From: budi@csirt.example\r\n\r\n")}
	if got := i.urgencies(t.Context(), headers); len(got) != 2 || got[0] != mailbox.Claimed || got[1] != mailbox.Proven {
		t.Errorf("urgencies %v", got)
	}
	batch := make([]*staged, len(headers))
	for n, raw := range headers {
		batch[n] = &staged{header: entity.Read(t.Context(), bytes.NewReader(raw), entity.Limits{}).Header}
	}
	if err := i.authenticate(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if batch[0].arrival.Authentication.DKIM != "" || batch[1].arrival.Authentication.DKIM != "csirt.example" {
		t.Errorf("proofs %+v, %+v", batch[0].arrival.Authentication, batch[1].arrival.Authentication)
	}
	if !strings.Contains(log.String(), "counts as unproven") {
		t.Errorf("logged: %s", log.String())
	}
}
