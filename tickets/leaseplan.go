package tickets

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"time"
)

// errHangUp makes database/sql drop a connection.
var errHangUp = fmt.Errorf("the connection is in doubt: %w", driver.ErrBadConn)

// leaseView is what the table of leases says at one moment.
type leaseView struct {
	me       string
	gateways []string          // that live
	holder   map[string]string // mailbox → gateway
	asker    map[string]string // mailbox → gateway that asks for it
}

// leasePlan is what a gateway does about it.
type leasePlan struct {
	take  []string // free mailboxes
	give  string   // to the gateway that asks for it, once it is not being worked
	drop  string   // the same, as nobody works it
	ask   string   // a mailbox of a gateway that has at least two more
	unask []string // questions that are settled
}

// load counts the mailboxes of a gateway.
func (v leaseView) load(gateway string) int {
	n := 0
	for _, h := range v.holder {
		if h == gateway {
			n++
		}
	}
	return n
}

// plan shares the mailboxes out without any gateway in charge: each takes its share of what is free at once and the rest once
// the others had time to; who has two fewer than another asks for one, and only the asker takes what is given up for it. So a
// gateway that works other mailboxes than the rest disturbs nobody.
func (v leaseView) plan(wants []string, waited func(mailbox string) bool) leasePlan {
	var p leasePlan
	mine, share := v.load(v.me), (len(wants)+max(len(v.gateways), 1)-1)/max(len(v.gateways), 1)
	for _, m := range wants {
		holder, asker := v.holder[m], v.asker[m]
		switch {
		case holder == "" && asker != "" && asker != v.me:
			waited(m) // it is another's; the time counts all the same
		case holder == "" && (asker == v.me || waited(m) || mine+len(p.take) < share):
			p.take = append(p.take, m)
		case holder == v.me && asker != "" && asker != v.me && p.give == "" && mine >= v.load(asker)+2:
			p.give = m
		}
		if asker == v.me && (holder == "" || holder == v.me || v.load(holder) < mine+2) {
			p.unask = append(p.unask, m)
		}
	}
	if len(p.take) == 0 && !v.asks() {
		p.ask = v.wish(wants, mine)
	}
	return p
}

func (v leaseView) asks() bool {
	for _, a := range v.asker {
		if a == v.me {
			return true
		}
	}
	return false
}

// wish is a mailbox of the gateway that has most, where that is two more than we have.
func (v leaseView) wish(wants []string, mine int) string {
	wish, most := "", mine+1
	for _, m := range wants {
		if h := v.holder[m]; h != "" && h != v.me && v.asker[m] == "" && v.load(h) > most {
			wish, most = m, v.load(h)
		}
	}
	return wish
}

// standing is what the view means for this gateway.
func (v leaseView) standing(give string, until time.Time) Standing {
	st := Standing{Mine: map[string]bool{}, Elsewhere: map[string]string{}, Give: give, Until: until, Gateways: max(len(v.gateways), 1)}
	for m, h := range v.holder {
		if h == v.me {
			st.Mine[m] = true
		} else {
			st.Elsewhere[m] = h
		}
	}
	slices.Sort(v.gateways)
	st.Place = max(slices.Index(v.gateways, v.me), 0)
	return st
}
