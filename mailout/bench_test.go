package mailout

import (
	"context"
	"io"
	"testing"

	"aduan/tickets"
)

func BenchmarkRenderAcknowledgement(b *testing.B) {
	benchmarkRender(b, tickets.ToReporter, tickets.KindAcknowledged)
}

func BenchmarkRenderForwardedCase(b *testing.B) {
	benchmarkRender(b, tickets.ToStaff, tickets.KindForwarded)
}

func benchmarkRender(b *testing.B, audience tickets.Audience, k tickets.Kind) {
	r := newTestRenderer(b, witaSettings())
	n := sample(samplePrefix, tickets.Indonesian, audience, k)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Render(context.Background(), n, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
