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
	hour, day := f.now-time.Hour.Microseconds(), f.now-24*time.Hour.Microseconds()
	var to struct{ Hour, Day, Domain int }
	err := f.t.get(f.ctx, &to, `SELECT COUNT(CASE WHEN at > ? THEN 1 END) AS hour, COUNT(*) AS day FROM acknowledgement WHERE address = ? AND at > ?`, hour, address, day)
	if err == nil && f.outside(address) && f.s.AcksDomain > 0 {
		err = f.t.get(f.ctx, &to.Domain, `SELECT COUNT(*) FROM acknowledgement WHERE domain = ? AND at > ?`, Domain(address), hour)
	}
	if err != nil {
		return false, err
	}
	for _, cap := range []struct{ most, n int }{{f.s.AcksPerHour, to.Hour}, {f.s.AcksPerDay, to.Day}, {f.s.AcksDomain, to.Domain}} {
		if cap.most <= 0 {
			continue
		}
		if cap.n >= cap.most {
			f.event("unacknowledged", map[string]any{"cap": cap.most})
			return false, nil
		}
	}
	return true, nil
}
