package tickets

import "time"

// Kinds of automatic mail (CONTRACT.md section 4); "" is a person's mail.
const (
	AutoBounce       = "bounce"
	AutoReply        = "auto-reply"
	AutoNotification = "notification"
	AutoList         = "list"
	AutoReceipt      = "receipt"
	AutoFeedback     = "feedback"
	AutoOwn          = "own"
)

// Mail is what could be read of one mail. Text is valid UTF-8 without NUL; ids are without angle brackets.
type Mail struct {
	MessageID  string    // "" where the mail has none
	InReplyTo  []string  // RFC 5322 section 3.6.4
	References []string  // oldest first
	From       Address   // zero where nobody is named
	Froms      int       // addresses in all From fields: more than one is nobody's
	To, Cc     []Address // as the header has them
	// Recipients are all addresses in any address field or envelope header: where a reply address may stand.
	Recipients []string
	Subject    string
	Date       time.Time // as the sender has it, for display only; zero where unreadable

	Text     string // the whole readable text
	NewText  string // without quotes and signature, commands included
	Body     string // NewText without the command lines
	Commands []CommandLine
	// Slip is a line that looks like a command outside command position, or a first line that is a command word without its
	// slash; "" where there is none.
	Slip string

	Automatic         string // see the Auto constants
	Thanks            bool   // NewText is a bare thank-you
	Unacknowledged    bool   // the sender asks for no automatic answer (X-Auto-Response-Suppress)
	Bounces           []BouncedRecipient
	ReturnedMessageID string // of the mail that bounced
	ThreadIndex       string // Outlook's conversation, hex of its first 22 bytes; "" where there is none
	Attachments       []Attachment
	Language          Language // of NewText where it can be told, else ""
	Problems          []string // what was wrong with the mail, in short English

	SHA256      string // of the raw mail, hex
	Size        int64  // of the raw mail, bytes
	Fingerprint string // over what does not change in transit: recognises the same mail under another UID

	// Authentication is what speaks for and against From (section 3 of the contract).
	Authentication Authentication
}

// Authentication is what DKIM and DMARC say about From.
type Authentication struct {
	DKIM      string // the domain whose passing signature is aligned with From; "" for none
	DMARCFail bool   // a believed field reports that DMARC failed
	Detail    string // how it is known, for people
}

// BouncedRecipient is one recipient of a delivery report (RFC 3464 section 2.3).
type BouncedRecipient struct {
	Recipient  string `json:"recipient"`
	Action     string `json:"action"` // failed, delayed, delivered, relayed, expanded
	Status     string `json:"status"` // RFC 3463, "" where the report has none
	Diagnostic string `json:"diagnostic"`
}

// Attachment is one part of a mail that is not its text.
type Attachment struct {
	Filename    string `json:"filename"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`   // of the decoded content, bytes
	SHA256      string `json:"sha256"` // of the decoded content, hex
	Inline      bool   `json:"inline"`
	ContentID   string `json:"-"`
	Place       string `json:"-"` // where in the raw mail it is: the reader's own notation
	Number      int    `json:"-"` // in its ticket, from 1: what /evidence takes; 0 where it belongs to none
	Decoration  bool   `json:"-"` // a picture of a signature: it does not go where a staff member's text goes
}

// Arrival is a mail on its way into the record.
type Arrival struct {
	Mail
	Mailbox          string    // the mailbox's name; "" for a mail that came by file or pipe
	UIDValidity, UID uint32    // RFC 3501 section 2.3.1.1; 0 without a mailbox
	At               time.Time // INTERNALDATE or our own clock: all clocks run from it
	Quiet            bool      // on record without acknowledgement or notice: a backlog, a history
}

// Outcome tells what filing a mail did.
type Outcome struct {
	Ticket    Number // "" where the mail belongs to none
	MessageID int64  // of the record
	Known     bool   // the same mail was on record already: nothing changed
	Ledger    bool   // Known, as the ledger has this very mail of this mailbox: another process was faster
	Opened    bool
	Reopened  bool
	Refused   string // why the mail's commands were not carried out; "" where they were, or there were none
	Wakes     bool   // notices are waiting to be sent
	Clocked   bool   // the clock has something to do for the ticket, at another time than before
}
