package mailout

import "time"

// of is the part of a rate that one of several senders may use: the parts of all make up the whole, also where it does not
// divide. Where there are more senders than mails, the last ones get none.
func (r Rate) of(place, senders int) Rate {
	if senders <= 0 {
		return Rate{0, r.Per} // nobody knows yet how many there are
	}
	part := r.Mails / senders
	if place < r.Mails%senders {
		part++
	}
	return Rate{part, r.Per}
}

// shareEvery is how often a sender without a part of the rate asks for one.
const shareEvery = 100 * time.Millisecond

// share makes the limit that of our part of the rate, and says whether there is any.
func (r *round) share() bool {
	if r.Share == nil || r.Rate.Mails <= 0 {
		return true
	}
	part := r.Rate.of(r.Share())
	if part.Mails == 0 {
		return false // what is in hand keeps the limit it had
	}
	if part != r.part {
		r.part = part
		fresh := part.limiter()
		r.limit.SetLimit(fresh.Limit())
		r.limit.SetBurst(fresh.Burst())
	}
	return true
}

// awaitShare waits until some part of the rate is ours; false when it is time to stop.
func (r *round) awaitShare() bool {
	for !r.share() {
		if sleep(r.stop, shareEvery) != nil {
			return false
		}
	}
	return true
}
