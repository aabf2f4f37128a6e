package tickets

import "time"

// Kind is what a notice tells. Each kind has words of its own in templates.
type Kind string

// What the gateway tells. A notice carries one or more items; its own kind is that of its weightiest item.
const (
	// To reporters and participants.
	KindAcknowledged Kind = "acknowledged" // the report became a ticket
	KindVerified     Kind = "verified"
	KindResponding   Kind = "responding"
	KindHandedBack   Kind = "handed-back" // back to verified; staff: with Front Desk again
	KindQuestion     Kind = "question"
	KindMessage      Kind = "message" // a person's words, passed on (both ways)
	KindOnsite       Kind = "onsite"
	KindRecommended  Kind = "recommended"
	KindMonitoring   Kind = "monitoring"
	KindClosed       Kind = "closed"
	KindReopened     Kind = "reopened"
	KindRejected     Kind = "rejected"
	KindDuplicate    Kind = "duplicate"
	KindFollowed     Kind = "followed"  // the ticket that carries a duplicate on changed its state
	KindInvited      Kind = "invited"   // somebody became reporter or participant of a ticket
	KindContinued    Kind = "continued" // an answer came too late for its ticket and opened this one
	KindAgain        Kind = "asked-again"
	// To everybody who may ask.
	KindStatus Kind = "status"
	KindHelp   Kind = "help"
	// To staff.
	KindNewReport   Kind = "new-report"
	KindForwarded   Kind = "forwarded" // the whole case, at forwarding
	KindHandedOn    Kind = "handed-on" // to the former owner
	KindPassedOn    Kind = "passed-on" // what a colleague wrote to the reporter
	KindNote        Kind = "note"
	KindDone        Kind = "done"       // commands carried out
	KindRefused     Kind = "refused"    // commands not carried out, with the text given back
	KindUnproven    Kind = "unproven"   // words in the name of a person on the ticket, without proof
	KindUnverified  Kind = "unverified" // words of somebody who is not on the ticket
	KindSolved      Kind = "solved"
	KindUnsolved    Kind = "unsolved"
	KindReminder    Kind = "reminder"  // the monitoring time is over
	KindDeadline    Kind = "deadline"  // a deadline is near, come or missed
	KindStatutory   Kind = "statutory" // the same of a time that the law sets
	KindDigest      Kind = "digest"    // how things stand, daily
	KindAway        Kind = "away"
	KindBounced     Kind = "bounced"
	KindUndelivered Kind = "undelivered" // given up, or refused for good by a relay
	KindList        Kind = "list"
	KindBacklog     Kind = "backlog"  // older mail that was found when a mailbox was first seen
	KindBadMail     Kind = "bad-mail" // a mail that could not be taken in and lies in the failed folder
	KindWarning     Kind = "warning"
	KindConfirm     Kind = "confirm" // commands without proof that wait for their sender's word
	KindEvidence    Kind = "evidence"
	KindPassword    Kind = "evidence-password" // of the zip that a dangerous piece of evidence travels in
	KindHistory     Kind = "history"           // the whole case, to who asks for it
	KindFigures     Kind = "figures"           // a month's figures
	// Of reports to the response teams.
	KindNationalDraft  Kind = "national-draft"  // the report, before it is sent
	KindNational       Kind = "national-report" // the report; to staff: that it was sent
	KindNationalAnswer Kind = "national-answer" // words of a response team
)

// Item is one thing that a notice tells. Which fields are set depends on its kind.
type Item struct {
	Kind    Kind     `json:"kind"`
	At      int64    `json:"at"` // microseconds of UTC
	State   State    `json:"state,omitempty"`
	Message int64    `json:"message,omitempty"` // the message whose text (and attachments) it carries
	Text    string   `json:"text,omitempty"`    // words that are no message's: a reason, an answer
	Who     Address  `json:"who,omitzero"`      // staff mails: whose words or deed it is
	Proof   string   `json:"proof,omitempty"`   // staff mails: how far the sender is proven
	When    int64    `json:"when,omitempty"`    // a visit, the end of monitoring; microseconds of UTC
	AllDay  bool     `json:"all_day,omitempty"` // When is a date alone
	Place   string   `json:"place,omitempty"`
	Number  Number   `json:"number,omitempty"` // another ticket
	Lines   []string `json:"lines,omitempty"`  // what was done, or what is wrong, line by line
	Back    string   `json:"back,omitempty"`   // the sender's own text, given back
	Files   bool     `json:"files,omitempty"`  // the message's attachments go along
	Clock   string   `json:"clock,omitempty"`  // a reminder: of which clock, with When as its due time
	Share   int      `json:"share,omitempty"`  // and how much of its time is gone, in percent
	// Cases are tickets that the recipient may pass on by an answer of its own for each.
	Cases []int64 `json:"cases,omitempty"`
	// Draft is the drafted report that the notice shows.
	Draft int64 `json:"draft,omitempty"`
	// Evidence is the ticket's number of the one attachment of Message that goes along.
	Evidence int `json:"evidence,omitempty"`
	// Password is that of the zip that holds it; "" where it goes as it is.
	Password Secret `json:"password,omitempty"`
}

// Secret is text that stays out of logs: formatted, it reads "(secret)".
type Secret string

// String hides the secret.
func (Secret) String() string { return "(secret)" }

// GoString hides the secret.
func (Secret) GoString() string { return "(secret)" }

// Offer is a case that a notice is not about but offers to pass on: what is sent to ReplyTo is about it.
type Offer struct {
	Number  Number
	ReplyTo string // the recipient's own for that case; "" where the server knows no plus addresses
}

// Notice is one mail to one person that is to be told, as the sender claims it.
type Notice struct {
	ID         int64
	Attempt    int // of this claim: what is said about it later must carry it
	Kind       Kind
	Audience   Audience
	To         Address
	Room       Room // where a plain answer goes
	Language   Language
	Subject    string   // fixed for this ticket and recipient; without TLP, as it goes out
	MessageID  string   // fixed when the notice was recorded
	InReplyTo  string   // the last mail of this ticket to the same recipient; "" for the first
	References []string // mails of this ticket to the same recipient, oldest first
	ReplyTo    string   // the recipient's own reply address, or the team's address
	Sender     string   // the envelope's sender: leads a bounce back to this notice
	Automatic  bool     // false where a person's words are passed on
	Proven     bool     // the recipient has been proven: the mail may hold words of theirs
	Items      []Item
	Texts      map[int64]Message // the messages that items name, with text and attachments
	Case       []Message         // the whole case, for KindForwarded and KindHistory
	Timeline   []Event           // the whole case, for KindForwarded and KindHistory
	Ticket     Ticket            // zero for a notice without a ticket
	Table      []Ticket          // for KindList
	Offers     []Offer           // for KindAway: the cases of Item.Cases
	Figures    *MonthlyFigures   // for KindFigures
	Rendered   string            // SHA-256 of the mail where it was rendered before; "" else
	CreatedAt  time.Time
	QueuedAt   time.Time // since when it is being tried
}
