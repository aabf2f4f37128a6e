package tickets

import "strings"

// Type is the id of an incident type ("defacement"); "" is not yet known.
type Type string

// Incident says what a type is called and where the Reference Security Incident Taxonomy (RSIT) puts it.
type Incident struct {
	Type      Type
	Label     string   // as people here say it, in both languages
	Class     string   // RSIT class
	RSIT      string   // RSIT type
	Synonyms  []string // other words accepted for type=
	Statutory bool     // a personal-data breach starts a clock of the law of its own
}

// Incidents is the one table of incident types.
var Incidents = []Incident{
	{Type: "defacement", Label: "Web Defacement", Class: "Information Content Security", RSIT: "Unauthorised Modification of Information", Synonyms: []string{"web-defacement", "deface"}},
	{Type: "gambling-injection", Label: "Penyisipan konten judi (SEO spam)", Class: "Information Content Security", RSIT: "Unauthorised Modification of Information", Synonyms: []string{"judi", "judol", "seo-spam", "judi-online"}},
	{Type: "ransomware", Label: "Ransomware", Class: "Information Content Security", RSIT: "Unauthorised Modification of Information"},
	{Type: "personal-data-breach", Label: "Kebocoran Data Pribadi", Class: "Information Content Security", RSIT: "Leak of Confidential Information", Synonyms: []string{"kebocoran-data-pribadi", "data-pribadi", "pdp"}, Statutory: true},
	{Type: "data-breach", Label: "Kebocoran Data (bukan data pribadi)", Class: "Information Content Security", RSIT: "Leak of Confidential Information", Synonyms: []string{"kebocoran-data", "data-bocor"}},
	{Type: "phishing", Label: "Phishing", Class: "Fraud", RSIT: "Phishing", Synonyms: []string{"pengelabuan"}},
	{Type: "malware", Label: "Perangkat Lunak Berbahaya", Class: "Malicious Code", RSIT: "Infected System", Synonyms: []string{"perangkat-lunak-berbahaya", "virus", "malicious-software"}},
	{Type: "exploit", Label: "Eksploitasi Kerentanan", Class: "Intrusion Attempts", RSIT: "Exploitation of Known Vulnerabilities", Synonyms: []string{"eksploitasi", "eksploitasi-kerentanan"}},
	{Type: "account-takeover", Label: "Pembajakan Akun", Class: "Intrusions", RSIT: "Unprivileged Account Compromise", Synonyms: []string{"pembajakan-akun", "account-hijacking"}},
	{Type: "system-compromise", Label: "Penyusupan Sistem (APT)", Class: "Intrusions", RSIT: "System Compromise", Synonyms: []string{"penyusupan-sistem", "penyusupan", "apt"}},
	{Type: "ddos", Label: "Serangan DDoS", Class: "Availability", RSIT: "Distributed Denial of Service", Synonyms: []string{"serangan-ddos", "dos"}},
	{Type: "scanning", Label: "Pemindaian", Class: "Information Gathering", RSIT: "Scanning", Synonyms: []string{"pemindaian"}},
	{Type: "vulnerability", Label: "Peringatan Keamanan (kerentanan)", Class: "Vulnerable", RSIT: "Vulnerable System", Synonyms: []string{"kerentanan", "peringatan-keamanan"}},
	{Type: "other", Label: "Lain-lain", Class: "Other", RSIT: "Undetermined", Synonyms: []string{"lain-lain", "lain", "lainnya"}},
}

// Incident returns the type's row of the table; the zero Incident for "" and for an unknown type.
func (t Type) Incident() Incident {
	for _, i := range Incidents {
		if i.Type == t {
			return i
		}
	}
	return Incident{}
}

// ParseType reads a type as people write it: the id, the label, an Indonesian word for it.
func ParseType(s string) (Type, bool) {
	w := plainWord(s)
	for _, i := range Incidents {
		if w == string(i.Type) || w == plainWord(i.Label) || contains(i.Synonyms, w) {
			return i.Type, true
		}
	}
	return "", false
}

// Severity is how dangerous an incident is; "" is not yet known.
type Severity string

// The severities, most dangerous first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

var severityFacts = []struct {
	severity Severity
	labels   Words
	synonyms []string
}{
	{Critical, Words{"Sangat Berbahaya", "Critical"}, []string{"kritis"}},
	{High, Words{"Berbahaya", "High"}, []string{"tinggi"}},
	{Medium, Words{"Cukup Berbahaya", "Medium"}, []string{"sedang", "menengah"}},
	{Low, Words{"Perlu Diperhatikan", "Low"}, []string{"rendah"}},
}

// Label is the severity's name for people.
func (s Severity) Label(l Language) string {
	for _, f := range severityFacts {
		if f.severity == s {
			return f.labels.In(l)
		}
	}
	return string(s)
}

// Severities lists the ids, most dangerous first.
func Severities() []Severity { return []Severity{Critical, High, Medium, Low} }

// ParseSeverity reads a severity as people write it: the id or the label in either language.
func ParseSeverity(s string) (Severity, bool) {
	w := plainWord(s)
	for _, f := range severityFacts {
		if w == string(f.severity) || w == plainWord(f.labels.ID) || contains(f.synonyms, w) {
			return f.severity, true
		}
	}
	return "", false
}

// TLP is a Traffic Light Protocol 2.0 label in lower case ("amber+strict").
type TLP string

// The labels of TLP 2.0 (FIRST, 2022).
const (
	TLPClear       TLP = "clear"
	TLPGreen       TLP = "green"
	TLPAmber       TLP = "amber"
	TLPAmberStrict TLP = "amber+strict"
	TLPRed         TLP = "red"
)

// TLPs lists the labels, widest first.
func TLPs() []TLP { return []TLP{TLPClear, TLPGreen, TLPAmber, TLPAmberStrict, TLPRed} }

// Label is the label as TLP 2.0 writes it: capitals, no blanks, never translated.
func (t TLP) Label() string { return "TLP:" + strings.ToUpper(string(t)) }

// ParseTLP reads a label with or without "TLP:", in any case.
func ParseTLP(s string) (TLP, bool) {
	w := strings.TrimPrefix(strings.ReplaceAll(plainWord(s), "-", ""), "tlp:")
	if w == "white" { // TLP 1.0's word for clear
		w = "clear"
	}
	for _, t := range TLPs() {
		if w == string(t) {
			return t, true
		}
	}
	return "", false
}

// plainWord folds what people vary: case, blanks and underscores for hyphens.
func plainWord(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(strings.TrimSpace(s)), func(r rune) bool { return r == ' ' || r == '_' || r == '-' }), "-")
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
