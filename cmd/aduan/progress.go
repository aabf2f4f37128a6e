package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"aduan/tickets"
)

// slowIngest is the size from which taking in lasts long enough for a person to wonder.
const slowIngest = 1 << 20

// isTerminal says whether a person sees what is written to w as it is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// ingestReport says what became of each mail: to programs a line for each; to a person who watches a big file a bar of how
// far it is, and the counts at its end.
type ingestReport struct {
	lines  io.Writer // nil where a bar would be torn by them
	bar    *progressbar.ProgressBar
	counts map[string]int
	out    io.Writer
}

// newIngestReport draws the bar on errOut, where size bytes are to be read and watched says that a person looks.
func newIngestReport(out, errOut io.Writer, name string, size int64, watched bool) *ingestReport {
	r := &ingestReport{lines: out, out: out, counts: map[string]int{}}
	if !watched || size < slowIngest {
		return r
	}
	if isTerminal(out) {
		r.lines = nil
	}
	r.bar = progressbar.NewOptions64(size, progressbar.OptionSetWriter(errOut), progressbar.OptionSetDescription(name), progressbar.OptionShowBytes(true),
		progressbar.OptionSetWidth(24), progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish())
	return r
}

// reading lets the bar follow what is read of r.
func (r *ingestReport) reading(from io.Reader) io.Reader {
	if r.bar == nil {
		return from
	}
	return io.TeeReader(from, r.bar)
}

// filed counts and tells one mail.
func (r *ingestReport) filed(f tickets.Filed) {
	what := "kept"
	switch {
	case f.Known:
		what = "known"
	case f.Opened:
		what = "opened"
	case f.Ticket != "":
		what = "added"
	}
	r.counts[what]++
	if r.lines != nil {
		fmt.Fprintf(r.lines, "%s\t%s\n", what, orDash(string(f.Ticket)))
	}
}

// end takes the bar away; the counts stand for the lines that it kept back.
func (r *ingestReport) end() {
	if r.bar == nil {
		return
	}
	r.bar.Exit()
	if r.lines == nil {
		fmt.Fprintf(r.out, "%d opened, %d added to a ticket, %d kept without one, %d known before\n", r.counts["opened"], r.counts["added"], r.counts["kept"], r.counts["known"])
	}
}
