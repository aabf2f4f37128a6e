package doctor

import (
	"fmt"
	"strings"
	"time"

	"aduan/tickets"
)

const (
	// skew is how far two clocks may differ before it matters: within it, DKIM, tokens and leases bear it.
	skew = time.Minute
	// Little free space is a fault below the first and a warning below the second, in bytes.
	tooLittle, little = 500e6, 5e9
)

// Clock judges this machine's clock against another one; by names it, local and other are readings at one moment.
func Clock(by string, local, other time.Time) Finding {
	d := local.Sub(other)
	if d.Abs() <= skew {
		return ok("clock", "it agrees with %s", by)
	}
	way := "ahead of"
	if d < 0 {
		way = "behind"
	}
	return fault("clock", "let the clock be set by NTP (timedatectl set-ntp true), on both machines", "it is %s %s %s", d.Abs().Round(time.Second), way, by)
}

// FutureMail judges the clock by the newest mail of a folder: it cannot have arrived later than now.
func FutureMail(mailbox string, newest, now time.Time) (Finding, bool) {
	if newest.IsZero() || !newest.After(now.Add(skew)) {
		return Finding{}, false
	}
	return fault("clock", "let the clock be set by NTP (timedatectl set-ntp true), here and on the mail server", "a mail in mailbox %s arrived %s from now: this clock is behind, or the mail server's ahead", mailbox, words(newest.Sub(now))), true
}

// Space judges the free space where something is kept.
func Space(check, where string, free int64) Finding {
	switch {
	case free < tooLittle:
		return fault(check, "make room, or move it to a larger disk: without room no mail is taken in", "only %s are free at %s", megabytes(free), where)
	case free < little:
		return warning(check, "make room before it is full: without room no mail is taken in", "%s are free at %s", megabytes(free), where)
	}
	return ok(check, "%s are free at %s", megabytes(free), where)
}

func megabytes(n int64) string {
	if n >= 10e9 {
		return fmt.Sprintf("%d GB", n/1e9)
	}
	return fmt.Sprintf("%d MB", n/1e6)
}

// reconciledAgo is after how long a daily comparison is missed.
const reconciledAgo = 50 * time.Hour

// Reconciled judges the last comparison of record, mailboxes and evidence; made is false where there was none yet.
func Reconciled(r tickets.Reconciliation, made bool, now time.Time) Finding {
	const check = "reconciliation"
	age := now.Sub(r.At)
	switch {
	case !made:
		return ok(check, "record, mailboxes and evidence were not compared yet; a gateway that runs does it once a day")
	case r.Faults > 0:
		return fault(check, "find what is missing in a backup, or run `aduan ingest --history` on it; `aduan audit` checks the hashes", "%s ago record, mailboxes and evidence differed in %d places, %d mails or pieces of evidence are missing: %s",
			words(age), r.Faults, r.Missing, strings.Join(r.Findings[:min(3, len(r.Findings))], "; "))
	case age > reconciledAgo:
		return warning(check, "look into the gateway's log: it compares once a day", "record, mailboxes and evidence were last compared %s ago", words(age))
	case len(r.Unlooked) > 0:
		return warning(check, "see the findings of that part here", "the comparison of record, mailboxes and evidence could not see all: %s", strings.Join(r.Unlooked[:min(3, len(r.Unlooked))], "; "))
	}
	return ok(check, "record, mailboxes and evidence agreed %s ago", words(age))
}
