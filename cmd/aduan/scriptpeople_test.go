package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"aduan/tickets"
)

// The script commands of which the people of a case make use.

// deliver FILE: a mail to the report address goes through the relay, with lines ending in CRLF.
func deliverCmd(ts *testscript.TestScript, _ bool, args []string) {
	raw := crlf(ts.ReadFile(args[0]))
	l, err := readLetter(raw)
	ts.Check(err)
	from, err := l.header.AddressList("From")
	ts.Check(err)
	ts.Check(send(theatreOf(ts).post.relay, from[0].Address, aduan, raw))
}

// answer WHO FILE: a person answers the letter that they read last, with the original quoted below as their mail program does it;
// then the gateway takes the answer in. NUMBER-2 in the file stands for the number of ticket 2.
func answerCmd(ts *testscript.TestScript, _ bool, args []string) {
	th, from := theatreOf(ts), person(args[0])
	quote := gmail
	if from == frontdesk {
		quote = outlook
	}
	text := regexp.MustCompile(`NUMBER-(\d+)`).ReplaceAllStringFunc(strings.TrimSpace(ts.ReadFile(args[1])), func(s string) string {
		return numberOf(ts, strings.TrimPrefix(s, "NUMBER-"))
	})
	to, raw := answerMail(th.last[from], from, text, quote)
	ts.Check(send(th.post.relay, from, to, raw))
	if err := await(func() (bool, error) { inbox, err := th.post.read(aduan, "INBOX"); return len(inbox) == 0, err }); err != nil {
		ts.Fatalf("the gateway does not take the answer in: %v\n%s", err, th.log.String())
	}
}

// mailed WHO REGEXP: a letter comes that was not read yet and says it in subject, text or the name of a file. With "!", none of
// all letters says it, once all mail was sent.
func mailedCmd(ts *testscript.TestScript, neg bool, args []string) {
	th, who := theatreOf(ts), person(args[0])
	if !neg {
		l, err := th.post.awaitLetter(who, args[1])
		if err != nil {
			ts.Fatalf("%v\nlog of the gateway:\n%s", err, th.log.String())
		}
		th.last[who] = l
		return
	}
	th.awaitSent(ts)
	all, err := th.post.all(who)
	ts.Check(err)
	for _, l := range all {
		if l.says(regexp.MustCompile(args[1])) {
			ts.Fatalf("%s was told %q:\n%s", who, args[1], l.text)
		}
	}
}

// sent: all mail that waits comes to be sent, and the record says so.
func sentCmd(ts *testscript.TestScript, _ bool, _ []string) { theatreOf(ts).awaitSent(ts) }

func (th *theatre) awaitSent(ts *testscript.TestScript) {
	err := await(func() (bool, error) {
		var out, errOut strings.Builder
		code := run(context.Background(), []string{"outbox", "list", "--config", th.in.config}, nil, &out, &errOut)
		return code == exitDone && strings.Count(out.String(), "\n") == 1, errors.New(out.String() + errOut.String())
	})
	if err != nil {
		ts.Fatalf("not all mail was sent: %v", err)
	}
}

// attached WHO NAME [REGEXP]: the letter that a person read last has a file of this name, which says it.
func attachedCmd(ts *testscript.TestScript, _ bool, args []string) {
	l := theatreOf(ts).last[person(args[0])]
	body, found := l.files[args[1]]
	if !found {
		ts.Fatalf("no file %s in:\n%s", args[1], l.raw)
	}
	if len(args) > 2 && !regexp.MustCompile(args[2]).Match(body) {
		ts.Fatalf("%s does not say %q:\n%s", args[1], args[2], body)
	}
}

// ticket N STATE [OWNER]: the ticket with this counter comes to be in this state, with this owner.
func ticketCmd(ts *testscript.TestScript, _ bool, args []string) {
	th := theatreOf(ts)
	number := numberOf(ts, args[0])
	err := await(func() (bool, error) {
		var out, errOut strings.Builder
		if run(context.Background(), []string{"ticket", "show", number, "--json", "--config", th.in.config}, nil, &out, &errOut) != exitDone {
			return false, errors.New(errOut.String())
		}
		var f tickets.File
		if err := json.Unmarshal([]byte(out.String()), &f); err != nil {
			return false, err
		}
		return string(f.State) == args[1] && (len(args) < 3 || f.Owner == person(args[2])), fmt.Errorf("ticket %s: %s, owner %q", number, f.State, f.Owner)
	})
	if err != nil {
		ts.Fatalf("%v\n%s", err, th.log.String())
	}
}

// number NAME N: the number of the ticket with this counter is in the environment under this name.
func numberCmd(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], numberOf(ts, args[1]))
}

// numberOf makes the number of a ticket of its counter; its year is that of the team's time zone.
func numberOf(ts *testscript.TestScript, counter string) string {
	n, err := strconv.Atoi(counter)
	ts.Check(err)
	return fmt.Sprintf("BALIPROV-CSIRT-%d-%04d", time.Now().In(time.FixedZone("WITA", 8*60*60)).Year(), n)
}
