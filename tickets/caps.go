package tickets

import "time"

// causedAnHour is how many mails an hour one address may cause by mail that does not prove its sender or that a machine
// wrote: a robot that answers without saying so, or a bomb in somebody's name, ends there. All of it is on record; what a
// proven person writes and answers to proven commands never count.
const causedAnHour = 5

// What the table of caps counts beside acknowledgements: the same table, under keys that are no addresses.
const (
	countCaused = "caused:" // mails that an address caused
	countWarned = "warned:" // warnings that an address causes too many
)

// mayCause counts one more mail that the sender causes without a proof and says whether it may go out. Of the first one too
// many Front Desk is told, once an hour.
func (f *filing) mayCause() bool {
	if f.a.Quiet {
		return false // nobody is told anything, so nothing counts
	}
	may := false
	f.do("count what an address causes", func() error {
		var err error
		if may, err = f.within(countCaused+f.sender.key(), causedAnHour, time.Hour); err != nil || may {
			return err
		}
		first, err := f.within(countWarned+f.sender.key(), 1, time.Hour)
		if err == nil && first {
			f.tellFrontDesk(Item{Kind: KindWarning, Who: f.author(), Text: warningFlood.say(f.s.Language, f.sender.key(), causedAnHour)}, "")
		}
		return err
	})
	return may
}

// within counts one more of what and says whether it is still among the most that a time allows; what is beyond is not counted.
func (f *filing) within(what string, most int, in time.Duration) (bool, error) {
	var n int
	if err := f.t.get(f.ctx, &n, `SELECT COUNT(*) FROM acknowledgement WHERE address = ? AND at > ?`, what, f.now-in.Microseconds()); err != nil || n >= most {
		return false, err
	}
	_, err := f.t.exec(f.ctx, `INSERT INTO acknowledgement (address, domain, at) VALUES (?, '', ?)`, what, f.now)
	return true, err
}

// withinCaps says whether one more acknowledgement may go to an address now.
func (f *filing) withinCaps(address string) (bool, error) {
	const byAddress = `SELECT COUNT(*) FROM acknowledgement WHERE address = ? AND at > ?`
	hour, day := f.now-time.Hour.Microseconds(), f.now-24*time.Hour.Microseconds()
	for _, cap := range []struct {
		most  int
		query string
		of    string
		since int64
		holds bool
	}{
		{f.s.AcksPerHour, byAddress, address, hour, true},
		{f.s.AcksPerDay, byAddress, address, day, true},
		{f.s.AcksDomain, `SELECT COUNT(*) FROM acknowledgement WHERE domain = ? AND at > ?`, Domain(address), hour, f.outside(address)},
	} {
		if !cap.holds || cap.most <= 0 {
			continue
		}
		var n int
		if err := f.t.get(f.ctx, &n, cap.query, cap.of, cap.since); err != nil {
			return false, err
		}
		if n >= cap.most {
			f.event("unacknowledged", map[string]any{"cap": cap.most})
			return false, nil
		}
	}
	return true, nil
}
