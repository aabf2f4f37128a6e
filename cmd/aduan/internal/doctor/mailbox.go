package doctor

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"aduan/mailin"
	"aduan/tickets"
)

// waitsTooLong is since when mail in the folder says that nobody takes it in.
const waitsTooLong = 15 * time.Minute

// Mailbox judges a look at a mailbox; err is its error. password is what the settings say of the log-in, for the remedy.
func Mailbox(m mailin.Mailbox, password string, p mailin.Probing, err error, now time.Time) []Finding {
	check := "mailbox " + m.Name
	if err != nil {
		return []Finding{mailboxFault(check, m, password, err)}
	}
	l := mailboxLine(m)
	all := []Finding{ok(check, "log-in as %s to %s works", m.Username, m.Addr)}
	if l.exposed() {
		all = append(all, warning(check, "write "+l.secure+", or starttls = true", "password and mails cross the network in the clear"))
	}
	for _, f := range p.Folders {
		all = append(all, folderFinding(check, f))
	}
	if !p.Move && !p.UIDPlus {
		all = append(all, fault(check, "use a server with MOVE (RFC 6851) or UIDPLUS (RFC 4315), such as Dovecot, or take mail in by a pipe: `aduan ingest -`",
			"the server knows neither MOVE nor UIDPLUS: mails cannot be taken out of %s", p.Folder))
	} else if !p.Move {
		all = append(all, ok(check, "the server knows no MOVE: mails are copied and removed"))
	}
	if p.Idle {
		all = append(all, ok(check, "new mail is told at once (IDLE)"))
	} else {
		all = append(all, warning(check, "nothing has to be done; a server with IDLE (RFC 2177) tells at once", "the server knows no IDLE: the folder is looked at every 10 seconds"))
	}
	return append(all, waiting(check, p, now)...)
}

func folderFinding(check string, f mailin.FolderProbing) Finding {
	switch {
	case f.Fault != nil:
		return fault(check, "create the folder in the mailbox and let this account write to it, or give another one (processed, failed); look for a quota that is full", "folder %s cannot be made or written: %v", f.Name, cause(f.Fault))
	case f.Made:
		return ok(check, "folder %s was missing and has been made", f.Name)
	case f.Untried:
		return ok(check, "folder %s is there", f.Name)
	}
	return ok(check, "folder %s is there and can be written", f.Name)
}

func waiting(check string, p mailin.Probing, now time.Time) []Finding {
	if p.Waiting == 0 {
		return []Finding{ok(check, "no mail waits in %s", p.Folder)}
	}
	age := now.Sub(p.Oldest).Round(time.Minute)
	says := fmt.Sprintf("%d mails wait in %s, the oldest since %s", p.Waiting, p.Folder, words(age))
	if age < waitsTooLong {
		return []Finding{ok(check, "%s", says)}
	}
	return []Finding{warning(check, "start `aduan serve`, or look into its log: it takes mails in within seconds. Before the first start, mail older than acknowledge_within becomes tickets without acknowledgements", "%s", says)}
}

// words says a time roughly.
func words(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return "a moment"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

func mailboxLine(m mailin.Mailbox) line {
	return newLine("[[mailbox]] "+m.Name, m.Addr, m.TLS == mailin.ImplicitTLS, m.TLS == mailin.StartTLS, "imaps://HOST:993", "imap://HOST:143")
}

// mailboxFault says why a mailbox cannot be worked.
func mailboxFault(check string, m mailin.Mailbox, password string, err error) Finding {
	var at *mailin.MailboxError
	op := ""
	if errors.As(err, &at) {
		op = at.Op
	}
	l := mailboxLine(m)
	var no *imap.Error
	refused := errors.As(err, &no)
	switch says, do := l.fault(err); {
	case strings.Contains(err.Error(), "aduan oauth login"):
		return fault(check, "run "+remedy(err.Error()), "%s", cause(err))
	case op == "log in" && refused:
		return fault(check, password, "the server refuses the log-in as %s: %s", m.Username, tickets.CleanLine(no.Text))
	case op == "log in" && strings.Contains(err.Error(), "allows no log-in"):
		return fault(check, fmt.Sprintf("write %s, or starttls = true, in %s", l.secure, l.setting), "the server allows no log-in without TLS")
	case op == "open the folder" && refused:
		return fault(check, "correct folder in "+l.setting+"; it is INBOX as a rule", "folder %s cannot be opened: %s", folderOf(m), tickets.CleanLine(no.Text))
	case do != "":
		return fault(check, do, "%s", says)
	case op == "greet" || op == "connect":
		return fault(check, fmt.Sprintf("correct server and starttls in %s (usual are %s and %s)", l.setting, l.secure, l.plain), "%s port %s does not speak IMAP: %v", l.host, l.port, cause(err))
	}
	return fault(check, "look into the mail server's log; what it says stands here", "%s: %v", op, cause(err))
}

func folderOf(m mailin.Mailbox) string {
	if m.Folder == "" {
		return "INBOX"
	}
	return m.Folder
}

// cause leaves out which mailbox and step an error is of: the line says that already.
func cause(err error) string {
	var at *mailin.MailboxError
	if errors.As(err, &at) {
		err = at.Err
	}
	return tickets.CleanLine(err.Error())
}

// remedy is the call that an error names.
func remedy(words string) string {
	if i := strings.Index(words, "`aduan oauth login"); i >= 0 {
		if end := strings.IndexByte(words[i+1:], '`'); end >= 0 {
			return words[i : i+end+2]
		}
	}
	return "`aduan oauth login`"
}

// Read judges when serve last read a mailbox to its end; zero is never.
func Read(name string, at, now time.Time) Finding {
	check := "mailbox " + name
	switch age := now.Sub(at); {
	case at.IsZero():
		return warning(check, "start `aduan serve`; it notes each reading here", "no gateway has read it yet")
	case age > tickets.ReadingOverdue:
		return fault(check, "start `aduan serve`, or look into its log", "it was last read %s ago", words(age))
	default:
		return ok(check, "it was last read %s ago", words(age))
	}
}
