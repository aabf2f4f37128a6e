package tickets_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func TestCredentialIsSealedAndBoundToItsName(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		if saved, err := d.SaveCredential(t.Context(), tickets.Credential{Name: "report", Secret: []byte("rahasia-sekali")}, d.Now()); err != nil || !saved {
			t.Fatalf("saved %v, %v", saved, err)
		}
		c, err := d.Credential(t.Context(), "report")
		if err != nil || string(c.Secret) != "rahasia-sekali" || c.Version != 1 {
			t.Errorf("credential %+v, %v", c, err)
		}
		if n, err := d.Count(`SELECT COUNT(*) FROM credential WHERE sealed LIKE '%rahasia%'`); err != nil || n != 0 {
			t.Errorf("the secret lies in the open: %d, %v", n, err)
		}
		if none, err := d.Credential(t.Context(), "smtp"); err != nil || none.Version != 0 || none.Secret != nil {
			t.Errorf("one that was never given: %+v, %v", none, err)
		}
	})
}

func TestCredentialOpensAfterAKeyRotationAndNotWithoutItsKey(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		if _, err := d.SaveCredential(t.Context(), tickets.Credential{Name: "report", Secret: []byte("x")}, d.Now()); err != nil {
			t.Fatal(err)
		}
		for _, row := range []struct {
			keys string
			want error
		}{{strings.Repeat("a1", 32) + "\n" + strings.Repeat("5e", 32), nil}, {strings.Repeat("a1", 32), tickets.ErrSealed}} {
			keys, err := tickets.ParseKeys(row.keys)
			if err != nil {
				t.Fatal(err)
			}
			d.Keys = keys
			if c, err := d.Credential(t.Context(), "report"); !errors.Is(err, row.want) || c.Version != 1 {
				t.Errorf("version %d, %v, want %v", c.Version, err, row.want)
			}
		}
	})
}

func TestOfTwoWhoRenewACredentialOneDoesAndTheNewestStays(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		first := tickets.Credential{Name: "report", Secret: []byte("satu")}
		if _, err := d.SaveCredential(t.Context(), first, d.Now()); err != nil {
			t.Fatal(err)
		}
		var claims atomic.Int32
		var g sync.WaitGroup
		for range 8 {
			g.Go(func() {
				if ok, err := d.ClaimCredential(t.Context(), "report", 1, d.Now(), time.Minute); err != nil {
					t.Error(err)
				} else if ok {
					claims.Add(1)
				}
			})
		}
		g.Wait()
		if claims.Load() != 1 {
			t.Errorf("%d claimed it, want 1", claims.Load())
		}
		for i, want := range []bool{true, false} { // both were made from version 1
			saved, err := d.SaveCredential(t.Context(), tickets.Credential{Name: "report", Version: 1, Secret: []byte{byte('a' + i)}}, d.Now())
			if err != nil || saved != want {
				t.Errorf("save %d: %v, %v", i, saved, err)
			}
		}
		if c, err := d.Credential(t.Context(), "report"); err != nil || string(c.Secret) != "a" || c.Version != 2 {
			t.Errorf("kept %q in version %d, %v", c.Secret, c.Version, err)
		}
		if ok, err := d.ClaimCredential(t.Context(), "report", 2, d.Now(), time.Minute); err != nil || !ok {
			t.Errorf("the change did not end the claim: %v", err)
		}
		if ok, err := d.ClaimCredential(t.Context(), "report", 2, d.Now().Add(time.Hour), time.Minute); err != nil || !ok {
			t.Errorf("the claim of one who died never ends: %v", err)
		}
	})
}
