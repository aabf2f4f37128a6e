// Package waypoint names the moments of the way of a mail, in and out, after each of which a process that dies leaves something
// else behind: tests kill the gateway at every one of them.
//
// It promises that passing one does nothing where nobody watches, and costs one look into the context.
package waypoint

import "context"

// Point is one moment.
type Point int

// The points of taking in, in the order of a mail's way.
const (
	MailboxOpened   Point = iota // logged in, the folder is open
	FolderKnown                  // the record knows the folder
	MailsLookedUp                // the ledger said which mails are new
	EvidenceBegun                // an empty draft lies in the evidence
	MailStaged                   // the draft holds the whole mail; nothing is durable
	EvidenceSynced               // the draft's bytes are on the disk, under a temporary name
	EvidenceNamed                // the draft has its name, which may not be on the disk
	EvidenceKept                 // bytes and names are on the disk
	SendersChecked               // what the DNS says of the senders is known
	MailsWritten                 // all statements of a batch were given
	MailsRecorded                // the batch is committed
	FaultWritten                 // a fault that a mail alone caused, before the commit
	FaultRecorded                // after it
	BacklogWritten               // the summary of a backlog, before the commit
	BacklogRecorded              // after it
	MoveBegun                    // a batch is about to be filed away
	MailsCopied                  // where the server knows no MOVE: it lies in both folders
	MailsMarked                  // likewise: it is marked as deleted in the first
	MailsMoved                   // it is filed away

	// The points of sending, in the order of a notice's way.
	ClaimsWritten     // notices are claimed, before the commit
	NoticesClaimed    // after it
	NoticeRendered    // the draft holds the rendered mail
	RenderingKept     // it is evidence
	RenderingWritten  // the record knows the rendered mail, before the commit
	RenderingRecorded // after it
	RelayOpened       // the relay let us in
	SenderTaken       // it took MAIL
	RecipientTaken    // it took RCPT
	DataAsked         // it asked for the mail
	ContentSent       // it has all bytes but the end of data
	MailTaken         // it took responsibility
	ClaimRenewed      // a claim lasts longer, as the relay is slow
	SentWritten       // that it was sent, before the commit
	SentRecorded      // after it
	LaterWritten      // that it is to be tried again, before the commit
	LaterRecorded     // after it
	FailedWritten     // that it will not arrive, before the commit
	FailedRecorded    // after it

	end
)

var names = [...]string{
	MailboxOpened: "mailbox opened", FolderKnown: "folder known", MailsLookedUp: "mails looked up", EvidenceBegun: "evidence begun", MailStaged: "mail staged",
	EvidenceSynced: "evidence synced", EvidenceNamed: "evidence named", EvidenceKept: "evidence kept", SendersChecked: "senders checked",
	MailsWritten: "mails written", MailsRecorded: "mails recorded", FaultWritten: "fault written", FaultRecorded: "fault recorded",
	BacklogWritten: "backlog written", BacklogRecorded: "backlog recorded",
	MoveBegun: "move begun", MailsCopied: "mails copied", MailsMarked: "mails marked", MailsMoved: "mails moved",
	ClaimsWritten: "claims written", NoticesClaimed: "notices claimed", NoticeRendered: "notice rendered", RenderingKept: "rendering kept",
	RenderingWritten: "rendering written", RenderingRecorded: "rendering recorded", RelayOpened: "relay opened", SenderTaken: "sender taken",
	RecipientTaken: "recipient taken", DataAsked: "data asked", ContentSent: "content sent", MailTaken: "mail taken", ClaimRenewed: "claim renewed",
	SentWritten: "sent written", SentRecorded: "sent recorded", LaterWritten: "later written", LaterRecorded: "later recorded",
	FailedWritten: "failed written", FailedRecorded: "failed recorded",
}

// String is the point's name in words.
func (s Point) String() string { return names[s] }

// All lists every point, in order.
func All() []Point {
	all := make([]Point, end)
	for i := range all {
		all[i] = Point(i)
	}
	return all
}

type watcher struct{}

// Watch returns a context in which do is called at every point, from the goroutine that passes it.
func Watch(ctx context.Context, do func(Point)) context.Context {
	return context.WithValue(ctx, watcher{}, do)
}

// Pass tells who watches that the point was reached.
func Pass(ctx context.Context, s Point) {
	if do, ok := ctx.Value(watcher{}).(func(Point)); ok {
		do(s)
	}
}
