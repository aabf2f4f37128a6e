package tickets

import (
	"regexp"
	"strings"
)

// The fields that a report must have beside its chronology (Peraturan BSSN 1/2024, Pasal 15(4)), as sections of a text name them.
const (
	sectionContact     = "contact"
	sectionDescription = "description"
	sectionChronology  = "chronology"
	sectionImpact      = "impact"
)

var sectionNames = map[string]string{
	"kontak": sectionContact, "kontak-pelapor": sectionContact, "narahubung": sectionContact, "contact": sectionContact,
	"deskripsi": sectionDescription, "deskripsi-insiden": sectionDescription, "uraian": sectionDescription, "description": sectionDescription,
	"kronologi": sectionChronology, "kronologis": sectionChronology, "chronology": sectionChronology, "timeline": sectionChronology,
	"dampak": sectionImpact, "dampak-serangan": sectionImpact, "dampak-insiden": sectionImpact, "impact": sectionImpact,
}

// sectionHead is a line that begins a section: a name, alone or with a colon and the first words. People set it off in many ways.
var sectionHead = regexp.MustCompile(`^[\s*#•_-]*(?:\d+[.)]\s*)?([\pL]+(?: [\pL]+)?)[\s*_]*(?:[:：]\s*[*_]*\s*(.*))?$`)

// readSections takes a text apart at its headings. What stands before the first heading is the impact where no section is,
// because that alone the record cannot know; else it is the description.
func readSections(text string) map[string]string {
	sections := map[string]string{}
	at := ""
	for _, line := range strings.Split(text, "\n") {
		if m := sectionHead.FindStringSubmatch(line); m != nil {
			if name := sectionNames[plainWord(m[1])]; name != "" {
				at, line = name, m[2]
			}
		}
		sections[at] += line + "\n"
	}
	for name := range sections {
		if sections[name] = strings.TrimSpace(sections[name]); sections[name] == "" {
			delete(sections, name)
		}
	}
	loose := sections[""]
	delete(sections, "")
	for _, name := range []string{sectionImpact, sectionDescription} {
		if loose != "" && sections[name] == "" {
			sections[name], loose = loose, ""
		}
	}
	return sections
}

// reportText bounds what the report takes over of one message, in runes.
const reportText = 4000

// nationalReport writes the report for the response teams from the ticket and the text of this mail, and says what is missing.
func (o *order) nationalReport() (text string, missing []string) {
	t, l := o.ticket, o.s.Language
	s := readSections(o.a.Body)
	contact := s[sectionContact]
	if contact == "" && o.reachable() {
		if contact = t.Reporter; t.ReporterName != "" {
			contact = t.ReporterName + " <" + t.Reporter + ">"
		}
	}
	description := s[sectionDescription]
	if description == "" {
		description = o.onRecord()
	}
	chronology := o.chronology()
	if s[sectionChronology] != "" {
		chronology = s[sectionChronology] + "\n\n" + chronology
	}
	for _, need := range []struct {
		value string
		name  answer
	}{{contact, reportContact}, {description, reportDescription}, {s[sectionImpact], reportImpact}} {
		if need.value == "" {
			missing = append(missing, need.name.say(l)+":")
		}
	}
	var b strings.Builder
	field := func(name answer, value string) {
		if value != "" {
			b.WriteString(name.say(l) + ": " + value + "\n")
		}
	}
	field(reportNumber, t.Number)
	field(reportFrom, o.s.TeamName+" <"+o.s.Mailbox.Address+">")
	field(reportTo, strings.Join(o.s.National.Sector, ", "))
	field(reportCopy, strings.Join(o.s.National.Copy, ", "))
	field(reportContact, CleanLine(strings.ReplaceAll(contact, "\n", ", ")))
	if i := t.Type.Incident(); i.Type != "" {
		field(reportType, i.Label+" ("+i.Class+" / "+i.RSIT+")")
	}
	field(reportSeverity, t.Severity.Label(l))
	if t.IIV {
		field(reportVital, answerYes.say(l))
	}
	field(reportState, t.State.Label(l))
	for _, part := range []struct {
		name  answer
		value string
	}{{reportDescription, description}, {reportChronology, chronology}, {reportImpact, s[sectionImpact]}} {
		b.WriteString("\n" + strings.ToUpper(part.name.say(l)) + "\n" + strings.TrimSpace(part.value) + "\n")
	}
	return strings.TrimSpace(b.String()), missing
}

// onRecord is the report itself. Front Desk's documentation would say more, but it is internal: its words leave the team only
// where the agent writes them.
func (o *order) onRecord() string {
	var found []string
	o.do("read what the record says of the incident", func() error {
		return o.t.all(o.ctx, &found, `SELECT body FROM message WHERE ticket = ? AND purpose = 'report' AND body <> '' ORDER BY id LIMIT 1`, o.ticket.ID)
	})
	if len(found) == 0 {
		return ""
	}
	return Shorten(found[0], reportText)
}

// chronologyWords are the events that a report tells, without names: which person of the team did it is internal.
var chronologyWords = map[string]answer{
	"opened":      {"laporan diterima", "report received"},
	"verified":    {"insiden terverifikasi", "incident verified"},
	"forwarded":   {"diteruskan ke tim penanganan", "passed to the response team"},
	"onsite":      {"kunjungan ke lokasi dijadwalkan", "visit to the site planned"},
	"recommended": {"rekomendasi dikirim kepada pelapor", "recommendation sent to the reporter"},
	"monitoring":  {"insiden tertangani, dipantau", "incident handled, being watched"},
	"closed":      {"tiket ditutup", "ticket closed"},
	"reopened":    {"tiket dibuka kembali", "ticket reopened"},
	"unsolved":    {"pelapor menyatakan insiden belum teratasi", "reporter says the incident is not solved"},
	"escalated":   {"dilaporkan kepada tim tanggap insiden", "reported to the response teams"},
}

// chronologyAtMost bounds the lines of the chronology.
const chronologyAtMost = 100

// chronology tells the case from its timeline, one line an event.
func (o *order) chronology() string {
	t, l := o.ticket, o.s.Language
	var lines []string
	say := func(at int64, words answer) {
		lines = append(lines, "- "+FormatTime(fromMicros(at), o.s.Location, l)+": "+words.say(l))
	}
	if t.FoundAt > 0 {
		say(t.FoundAt, reportFound)
	}
	o.do("read the timeline", func() error {
		events, err := o.t.events(o.ctx, t.ID)
		for _, e := range events {
			if words, told := chronologyWords[e.Kind]; told && len(lines) < chronologyAtMost {
				say(micros(e.At), words)
			}
		}
		return err
	})
	for _, e := range o.events { // of this mail, above this command
		if words, told := chronologyWords[e.kind]; told {
			say(o.now, words)
		}
	}
	return strings.Join(lines, "\n")
}
