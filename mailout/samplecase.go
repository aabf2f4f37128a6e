package mailout

import (
	"fmt"
	"time"

	"aduan/tickets"
)

// sampleCase is the case file of the invented case.
func sampleCase(prefix string) tickets.CaseFile {
	c := tickets.CaseFile{At: sampleTime.Add(48 * time.Hour), Head: sampleHash('f'), Audit: tickets.Audited{Tickets: 1, Events: 4, Messages: 5}}
	c.Ticket = sampleTicket(prefix, tickets.Indonesian, tickets.Closed)
	c.Events = sampleTimeline()
	for i := range c.Events {
		c.Events[i].Seq, c.Events[i].Hash = i+1, sampleHash('f')
	}
	for id := int64(1); id <= 3; id++ {
		m := sampleMessages()[id]
		m.To = []string{"aduan@csirt.example"}
		c.Messages = append(c.Messages, m)
	}
	c.Messages = append(c.Messages,
		tickets.Message{ID: 4, At: sampleTime.Add(time.Minute), Direction: "out", Visibility: tickets.VisiblePublic, From: "aduan@csirt.example", FromName: "Baliprov-CSIRT", To: []string{"ani@dinas.example"},
			Subject: "[" + string(c.Number) + "] Laporan insiden", Text: "TLP:AMBER\n\nLaporan Anda tercatat sebagai tiket " + string(c.Number) + ".", SHA256: sampleHash('1'), Size: 8_412},
		tickets.Message{ID: 5, At: sampleTime.Add(time.Hour), Direction: "out", Visibility: tickets.VisibleInternal, From: "aduan@csirt.example", To: []string{"budi@csirt.example"}, Text: "Kata sandi (secret)",
			SHA256: sampleHash('2'), Password: true})
	for i, k := range []tickets.Kind{tickets.KindAcknowledged, tickets.KindForwarded, tickets.KindPassword} {
		c.Deliveries = append(c.Deliveries, tickets.Delivery{To: []string{"ani@dinas.example", "budi@csirt.example", "budi@csirt.example"}[i], Kind: k, State: tickets.Sent, Attempts: 1 + i,
			At: sampleTime.Add(time.Duration(i) * time.Minute), SHA256: sampleHash(fmt.Sprint(i + 1)[0])})
	}
	return c
}
