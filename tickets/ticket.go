package tickets

import (
	"encoding/json"
	"time"
)

// Ticket is one case. Its JSON is that of `aduan ticket show` and `list` (CONTRACT.md section 4).
type Ticket struct {
	ID              int64      `json:"-"`
	Number          Number     `json:"number"`
	State           State      `json:"state"`
	Subject         string     `json:"subject"`
	Language        Language   `json:"language"`
	Reporter        Address    `json:"reporter"`
	Outside         bool       `json:"outside_constituency"`
	Owner           string     `json:"owner"` // address of the agent; "" where there is none
	OwnerName       string     `json:"-"`
	Type            Type       `json:"type"`
	Severity        Severity   `json:"severity"`
	Reported        Severity   `json:"severity_reported"` // the reporter's own word for it
	TLP             TLP        `json:"tlp"`
	IIV             bool       `json:"iiv"`
	FoundAt         *time.Time `json:"found_at"`
	OpenedAt        time.Time  `json:"opened_at"`
	DueAt           *time.Time `json:"due_at"`
	ChangedAt       time.Time  `json:"-"` // last change of state or owner
	MonitorUntil    *time.Time `json:"-"`
	EscalatedAt     *time.Time `json:"-"` // the report went to the response teams
	Foreign         []string   `json:"-"` // those teams' own numbers
	DuplicateOf     Number     `json:"duplicate_of,omitempty"`
	Continues       Number     `json:"continues,omitempty"` // the ticket whose late answer opened this one
	Participants    []string   `json:"participants"`
	Recommendations []string   `json:"-"` // texts of /recommend, oldest first
}

// Message is one mail on record. Its JSON is that of `aduan ticket show`.
type Message struct {
	ID          int64        `json:"id"`
	At          time.Time    `json:"at"`
	Direction   string       `json:"direction"` // in or out
	Visibility  Visibility   `json:"visibility"`
	From        string       `json:"from"`
	FromName    string       `json:"-"`
	To          []string     `json:"to"`
	Subject     string       `json:"subject"`
	Text        string       `json:"text"`
	NewText     string       `json:"new_text"`
	Body        string       `json:"-"` // NewText without commands: what is passed on
	Automatic   string       `json:"automatic"`
	Proof       string       `json:"proof"` // reply-address, dkim or none
	ProofDetail string       `json:"-"`
	SHA256      string       `json:"sha256"` // of the raw mail
	Size        int64        `json:"-"`
	MessageID   string       `json:"-"`
	Purpose     string       `json:"-"` // report, question, recommendation, documentation, summary
	Problems    []string     `json:"-"`
	Password    bool         `json:"-"` // the mail that told somebody the password of sealed evidence: it stays out of exports
	Attachments []Attachment `json:"attachments"`
}

// Visibility says who may see a message.
type Visibility string

// Who may see a message. Unproven and unverified ones are seen by staff only, until staff release them.
const (
	VisiblePublic     Visibility = "public"
	VisibleInternal   Visibility = "internal"
	VisibleUnproven   Visibility = "unproven"
	VisibleUnverified Visibility = "unverified"
)

// Event is one change on record. Its JSON is that of `aduan ticket show`.
type Event struct {
	ID    int64           `json:"-"`
	Seq   int             `json:"-"` // position in its ticket's chain, from 1
	At    time.Time       `json:"at"`
	Actor string          `json:"actor"` // address of the person; "gateway" for what happens by itself
	Kind  string          `json:"kind"`
	From  State           `json:"from"`
	To    State           `json:"to"`
	Data  json.RawMessage `json:"data"`
	Prev  string          `json:"-"` // hash of the ticket's previous event; "" for the first
	Hash  string          `json:"hash"`
}

// Delivery is what became of one notice. Its JSON is that of `aduan ticket show`.
type Delivery struct {
	ID        int64         `json:"-"`
	To        string        `json:"to"`
	Kind      Kind          `json:"kind"`
	State     DeliveryState `json:"state"`
	Attempts  int           `json:"attempts"`
	LastError string        `json:"last_error"`
	MessageID string        `json:"message_id"`
	NextAt    time.Time     `json:"-"`
	At        time.Time     `json:"-"` // when this became of it; while it waits, when it was recorded
	SHA256    string        `json:"-"` // of the raw mail; "" before it is written
	Ticket    Number        `json:"-"`
}

// DeliveryState is where a notice stands.
type DeliveryState string

// Where a notice stands. Held ones wait for `outbox retry` or a new address.
const (
	Queued  DeliveryState = "queued"
	Held    DeliveryState = "held"
	Sent    DeliveryState = "sent"
	Bounced DeliveryState = "bounced"
	Failed  DeliveryState = "failed"
)

// File is a whole ticket as `aduan ticket show` prints it.
type File struct {
	Ticket
	Messages   []Message  `json:"messages"`
	Events     []Event    `json:"events"`
	Deliveries []Delivery `json:"deliveries"`
}
