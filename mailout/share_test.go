package mailout

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestPartsOfARateMakeUpTheWhole(t *testing.T) {
	for _, mails := range []int{1, 2, 5, 60, 61, 1000} {
		for senders := 1; senders <= 7; senders++ {
			sum := 0
			for place := range senders {
				sum += Rate{mails, time.Minute}.of(place, senders).Mails
			}
			if sum != mails {
				t.Errorf("%d mails among %d senders: %d", mails, senders, sum)
			}
		}
	}
	if part := (Rate{60, time.Minute}).of(0, 0); part.Mails != 0 {
		t.Errorf("before it is known how many there are: %+v", part)
	}
}

func TestTheRateHoldsForAllSendersTogether(t *testing.T) {
	for _, row := range []struct {
		rate    string
		senders int
		n       int
	}{{"60/minute", 2, 200}, {"100/minute", 3, 250}, {"2/minute", 5, 10}} {
		t.Run(fmt.Sprint(row.senders, " at ", row.rate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limit, err := ParseRate(row.rate)
				if err != nil {
					t.Fatal(err)
				}
				relay := &fakeRelay{}
				outbox := newOutbox(notices(row.n)...)
				for place := range row.senders {
					s := newSending(outbox, relay)
					s.Rate, s.Share = limit, func() (int, int) { return place, row.senders }
					s.start(t)
				}
				began := time.Now()
				for len(relay.accepted()) < row.n {
					time.Sleep(limit.Per / 10)
					synctest.Wait()
				}
				mails := relay.accepted()
				for i := limit.Mails; i < row.n; i++ {
					if span := mails[i].at.Sub(mails[i-limit.Mails].at); span < limit.Per-time.Millisecond {
						t.Fatalf("mails %d to %d left within %s", i-limit.Mails+1, i+1, span)
					}
				}
				ideal := time.Duration(float64(limit.Per) * float64(row.n) / float64(limit.Mails))
				if took := time.Since(began); took > ideal*3/2 {
					t.Errorf("took %s where the rate allows %s", took, ideal)
				}
			})
		})
	}
}

func TestASenderTakesOverThePartOfOneThatDied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := &fakeRelay{}
		outbox := newOutbox(notices(600)...)
		var senders atomic.Int64
		s := newSending(outbox, relay)
		s.Rate, s.Share = Rate{60, time.Minute}, func() (int, int) { return 0, int(senders.Load()) }
		s.start(t)
		gone := 0
		since := func() int {
			synctest.Wait()
			n := len(relay.accepted()) - gone
			gone += n
			return n
		}
		for _, row := range []struct {
			senders   int64
			low, high int
		}{{0, 0, 0}, {2, 24, 36}, {1, 52, 63}, {3, 18, 26}} {
			senders.Store(row.senders)
			time.Sleep(20 * time.Second) // what was in hand when it changed
			since()
			time.Sleep(time.Minute)
			if n := since(); n < row.low || n > row.high {
				t.Errorf("one of %d: %d mails in a minute, want %d to %d", row.senders, n, row.low, row.high)
			}
		}
	})
}
