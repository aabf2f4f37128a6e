package tickets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// staffRow is one row of the table staff.
type staffRow struct {
	ID                         int64
	Address, Name, Roles, Team string
	Aliases, Members           string
	Shared                     bool
	AwayUntil                  int64 `db:"away_until"`
	AddedAt                    int64 `db:"added_at"`
}

func (r staffRow) staff() Staff {
	s := Staff{ID: r.ID, Address: r.Address, Name: r.Name, Team: r.Team, Shared: r.Shared, AwayUntil: r.AwayUntil}
	for _, role := range strings.Fields(r.Roles) {
		s.Roles = append(s.Roles, Role(role))
	}
	json.Unmarshal([]byte(r.Aliases), &s.Aliases)
	json.Unmarshal([]byte(r.Members), &s.Members)
	return s
}

// directory is the staff as one transaction sees it.
type directory []Staff

func (t *tx) directory(ctx context.Context) (directory, error) {
	if t.people != nil {
		return slices.Clone(t.people), nil
	}
	var rows []staffRow
	if err := t.all(ctx, &rows, `SELECT id, address, name, roles, team, aliases, members, shared, away_until, added_at FROM staff WHERE removed_at = 0 ORDER BY id`); err != nil {
		return nil, fmt.Errorf("read staff: %w", err)
	}
	d := make(directory, len(rows))
	for i, r := range rows {
		d[i] = r.staff()
	}
	t.people = d
	return slices.Clone(d), nil
}

// find returns the person behind an address: by the registered address, by an alias, or as a member of a shared mailbox. A
// member who is staff too has the roles of both; one who is not acts with the mailbox's roles under their own address.
func (d directory) find(address string) (Staff, bool) {
	a := Key(address)
	var person Staff
	found := false
	for _, s := range d {
		if s.Address == a || slices.Contains(s.Aliases, a) {
			person, found = s, true
		}
	}
	for _, s := range d {
		if !s.Shared || !slices.Contains(s.Members, a) {
			continue
		}
		if !found {
			person, found = Staff{ID: s.ID, Address: a, Name: a, Team: s.Team}, true
		}
		person.Roles = append(slices.Clone(person.Roles), s.Roles...)
	}
	return person, found
}

// answersFor says whether a reply address issued to one address proves a person: their own, or a mailbox that they share.
func (d directory) answersFor(issued string, p Staff) bool {
	if issued == p.Address && issued != "" {
		return true // also of a member who has no entry of their own
	}
	for _, s := range d {
		if s.Address == issued && s.Shared && slices.Contains(s.Members, p.Address) {
			return true
		}
		if s.Address == issued && s.Shared && slices.ContainsFunc(p.Aliases, func(a string) bool { return slices.Contains(s.Members, a) }) {
			return true
		}
	}
	return false
}

func (d directory) byID(id int64) (Staff, bool) {
	for _, s := range d {
		if s.ID == id && id != 0 {
			return s, true
		}
	}
	return Staff{}, false
}

func (d directory) with(role Role) []Staff {
	var out []Staff
	for _, s := range d {
		if s.Has(role) {
			out = append(out, s)
		}
	}
	return out
}

// desk is Front Desk; where there is none, the supervisors are it.
func (d directory) desk() []Staff {
	if desk := d.with(FrontDesk); len(desk) > 0 {
		return desk
	}
	return d.with(Supervisor)
}

// teams lists the names of all teams.
func (d directory) teams() []string {
	var out []string
	for _, s := range d {
		if s.Team != "" && !slices.Contains(out, s.Team) {
			out = append(out, s.Team)
		}
	}
	return out
}

// InvalidError says that what was asked for makes no sense as it was said, whatever is on record.
type InvalidError struct{ Err error }

func (e *InvalidError) Error() string { return e.Err.Error() }
func (e *InvalidError) Unwrap() error { return e.Err }

// AddStaff registers a person or a shared mailbox. An address may stand once only, as an address or as an alias. What is no entry at all is an InvalidError.
func (s *Store) AddStaff(ctx context.Context, p Staff, now time.Time) error {
	if err := checkStaff(&p, s.Mailbox); err != nil {
		return &InvalidError{err}
	}
	return s.write(ctx, func(t *tx) error {
		d, err := t.directory(ctx)
		if err != nil {
			return err
		}
		for _, a := range append([]string{p.Address}, p.Aliases...) {
			for _, other := range d {
				if other.Address == a || slices.Contains(other.Aliases, a) {
					return fmt.Errorf("%s is staff already (%s): remove that entry first, with `aduan staff remove %s`", a, other.Name, other.Address)
				}
			}
		}
		roles := make([]string, len(p.Roles))
		for i, r := range p.Roles {
			roles[i] = string(r)
		}
		var id int64
		err = t.get(ctx, &id, `INSERT INTO staff (address, name, roles, team, aliases, shared, members, added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			p.Address, p.Name, strings.Join(roles, " "), p.Team, list(p.Aliases), bit(p.Shared), list(p.Members), micros(now))
		if err != nil {
			return fmt.Errorf("add staff %s: %w", p.Address, err)
		}
		t.wrote("staff", id)
		if n, err := t.exec(ctx, `DELETE FROM undeliverable WHERE address = ?`, p.Address); err != nil {
			return fmt.Errorf("release held notices: %w", err)
		} else if n > 0 {
			t.wrote("undeliverable", p.Address)
		}
		var ids []int64
		err = t.all(ctx, &ids, `UPDATE notice SET state = 'queued', next_at = ?, queued_at = ? WHERE recipient = ? AND `+unsettled+` AND state = 'held' RETURNING id`, atOnce, micros(now), p.Address)
		t.wroteAll("notice", ids)
		if err != nil {
			return fmt.Errorf("release held notices: %w", err)
		}
		return nil
	})
}

// checkStaff brings an entry into its stored form.
func checkStaff(p *Staff, own Mailbox) error {
	p.Address, p.Name, p.Team = Key(p.Address), CleanLine(p.Name), plainWord(p.Team)
	for _, list := range [][]string{p.Aliases, p.Members} {
		for i := range list {
			list[i] = Key(list[i])
		}
	}
	for _, a := range append(append([]string{p.Address}, p.Aliases...), p.Members...) {
		if !ValidAddress(a) {
			return fmt.Errorf("%q is no mail address: give NAME@DOMAIN, and one address only", a)
		}
		if own.Own(a) {
			return fmt.Errorf("%s is the report address: staff need an address of their own", a)
		}
	}
	if p.Name == "" {
		return errors.New("the name is missing: give --name")
	}
	if len(p.Roles) == 0 {
		return errors.New("a role is missing: give --role front-desk, --role agent or --role supervisor")
	}
	if p.Shared != (len(p.Members) > 0) {
		return errors.New("a shared mailbox and its members go together: give --shared and one --member or more")
	}
	return nil
}

// Staff lists the registered staff, in the order of their registration.
func (s *Store) Staff(ctx context.Context) ([]Staff, error) {
	var d directory
	err := s.look(ctx, func(t *tx) (err error) {
		d, err = t.directory(ctx)
		return err
	})
	return d, err
}

// RemoveStaff ends an entry at once: its reply addresses prove nothing any more, its open cases return to Front Desk, who
// is told of each. ErrNotFound where there is no such entry.
func (s *Store) RemoveStaff(ctx context.Context, address string, now time.Time) error {
	defer s.wakeSender()
	return s.write(ctx, func(t *tx) error {
		d, err := t.directory(ctx)
		if err != nil {
			return err
		}
		p, ok := d.find(address)
		if !ok || p.Address != Key(address) {
			return fmt.Errorf("staff %s: %w (`aduan staff list` shows who is registered)", Key(address), ErrNotFound)
		}
		if n, err := t.exec(ctx, `UPDATE staff SET removed_at = ? WHERE id = ? AND address = ? AND removed_at = 0`, micros(now), p.ID, p.Address); err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("%s is a member of a shared mailbox: remove that mailbox and add it again without them", p.Address))
		}
		t.wrote("staff", p.ID)
		left, err := t.directory(ctx)
		if err != nil {
			return err
		}
		for _, a := range append([]string{p.Address}, p.Members...) {
			if _, still := left.find(a); still && a != p.Address {
				continue
			}
			if err := t.endProofs(ctx, a, now); err != nil {
				return err
			}
		}
		return t.handBackAll(ctx, p, now)
	})
}

// endProofs makes an address of former staff prove nothing and hear nothing internal any more.
func (t *tx) endProofs(ctx context.Context, address string, now time.Time) error {
	var ended []int64
	if err := t.all(ctx, &ended, `UPDATE reply_address SET ended_at = ? WHERE person = ? AND ended_at = 0 RETURNING id`, micros(now), address); err != nil {
		return fmt.Errorf("end reply addresses: %w", err)
	}
	t.wroteAll("reply_address", ended)
	if err := t.withdraw(ctx, `recipient = ? AND audience = 'staff'`, micros(now), "the recipient is no longer staff", address); err != nil {
		return fmt.Errorf("withdraw notices: %w", err)
	}
	return nil
}

// handBackAll returns the open cases of somebody who is gone to Front Desk.
func (t *tx) handBackAll(ctx context.Context, gone Staff, now time.Time) error {
	var ids []int64
	if err := t.all(ctx, &ids, `SELECT id FROM ticket WHERE owner = ? AND owner > 0 AND state IN ('responding', 'monitoring') ORDER BY id`, gone.ID); err != nil {
		return fmt.Errorf("read open cases: %w", err)
	}
	f, err := newFiling(ctx, t, Arrival{At: now}, now)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if f.ticket, err = t.lockTicket(ctx, id); err != nil {
			return err
		}
		f.handBack(gone.Address)
		f.tellFrontDesk(Item{Kind: KindHandedBack, State: Verified, Who: Address{gone.Name, gone.Address}}, "")
		if err := f.settle(ctx); err != nil {
			return err
		}
	}
	var owned []int64
	if err := t.all(ctx, &owned, `UPDATE ticket SET owner = 0 WHERE owner = ? AND owner > 0 RETURNING id`, gone.ID); err != nil {
		return fmt.Errorf("end ownership: %w", err)
	}
	t.wroteAll("ticket", owned)
	return nil
}

func list(l []string) string {
	if len(l) == 0 {
		return "[]"
	}
	b, _ := json.Marshal(l)
	return string(b)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
