package tickets

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// warningMissing is what Front Desk and the supervisors are told where a reconciliation misses something.
var warningMissing = answer{"Pemeriksaan harian menemukan %d hal yang hilang: surel di kotak surat yang tidak tercatat, atau bukti yang tidak ada di tempatnya. Mohon beri tahu pengelola gateway; yang pertama disebut di bawah.",
	"The daily comparison misses %d things: mails in the mailbox that are not on record, or evidence that is not where it should be. Please tell whoever operates the gateway; the first ones are named below."}

// toldAtMost is how many findings a mail names.
const toldAtMost = 10

// endReconciliation keeps the result and tells of what is missing, once a day however many gateways there are.
func (s *Store) endReconciliation(ctx context.Context, day string, r *Reconciliation) error {
	r.Told = r.Missing > 0
	result, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("keep the reconciliation: %w", err)
	}
	err = s.write(ctx, func(t *tx) error {
		now := s.now()
		n, err := t.exec(ctx, `UPDATE reconciliation SET ended_at = ?, result = ? WHERE day = ? AND ended_at = 0`, micros(now), CleanText(string(result)), day)
		if err != nil || n == 0 || !r.Told {
			return err
		}
		f, err := newFiling(ctx, t, Arrival{At: now}, now)
		if err != nil {
			return err
		}
		item := Item{Kind: KindWarning, Text: warningMissing.say(s.Language, r.Missing), Lines: r.Findings[:min(len(r.Findings), toldAtMost)]}
		f.tellFrontDesk(item, "")
		for _, who := range f.staff.with(Supervisor) {
			if !who.Has(FrontDesk) && len(f.staff.with(FrontDesk)) > 0 { // else they were told already
				f.tellStaff(nil, who, item)
			}
		}
		return f.settle(ctx)
	})
	if err != nil {
		return fmt.Errorf("keep the reconciliation: %w", err)
	}
	if r.Told {
		s.wakeSender()
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
