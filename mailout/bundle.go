package mailout

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"time"

	"aduan/tickets"
)

// Bundle is what a zip of a case is made of.
type Bundle struct {
	Case    tickets.CaseFile
	Mailbox tickets.Mailbox // whose tokens are blanked
	// Raw opens a raw mail by its SHA-256; tickets.ErrNotFound where the evidence lacks it.
	Raw func(ctx context.Context, sha256 string) (io.ReadCloser, error)
}

// WriteCaseZip writes a zip with the case file as HTML, PDF and JSON, the raw mails, the pieces of evidence, a manifest and
// SHA256SUMS, which `sha256sum -c` reads. All of it lies in one folder named after the ticket; names are plain ASCII, unique, and
// lead nowhere else.
//
// Tokens are blanked in raw mails and in texts: such a file is not the one on record, so the manifest gives both hashes and says so.
// All other files are the bytes of the record. A file that may be dangerous has ".danger" added to its name, so that no
// click opens it. What the evidence lacks is in the manifest alone. Mails that told a password are left out.
func (r *Renderer) WriteCaseZip(ctx context.Context, w io.Writer, b Bundle) error {
	z := &bundling{r: r, ctx: ctx, b: b, zip: zip.NewWriter(w), folder: plainName(string(b.Case.Number), 60), at: b.Case.At}
	for _, step := range []func() error{z.documents, z.mails, z.evidence, z.manifest, z.sums, z.zip.Close} {
		if err := step(); err != nil {
			return fmt.Errorf("write the zip of %s: %w", b.Case.Number, err)
		}
	}
	return nil
}

// bundling is one zip while it is written.
type bundling struct {
	r      *Renderer
	ctx    context.Context
	b      Bundle
	zip    *zip.Writer
	folder string
	at     time.Time
	lines  []bundled
	names  map[string]bool
}

// bundled is one line of the manifest.
type bundled struct {
	path, sha256   string
	recorded       string // SHA-256 on record; "" for what was made for the zip
	note           string // as, blanked, missing, changed
	what, original string
}

// add writes one file and notes its hash.
func (z *bundling) add(line bundled, at time.Time, write func(io.Writer) (blanked bool, err error)) error {
	line.path = z.unique(line.path)
	header := &zip.FileHeader{Name: z.folder + "/" + line.path, Method: zip.Deflate, Modified: at.UTC().Truncate(time.Second)}
	out, err := z.zip.CreateHeader(header)
	if err != nil {
		return err
	}
	sum := sha256.New()
	blanked, err := write(io.MultiWriter(out, sum))
	if err != nil {
		return fmt.Errorf("%s: %w", line.path, err)
	}
	line.sha256 = hex.EncodeToString(sum.Sum(nil))
	switch {
	case line.recorded == "":
		line.note = "made for this zip"
	case blanked:
		line.note = "tokens blanked"
	case line.sha256 == line.recorded:
		line.note = "as on record"
	default:
		line.note = "NOT AS ON RECORD"
	}
	z.lines = append(z.lines, line)
	return nil
}

// unique keeps names apart where a file system does not tell capitals from small letters.
func (z *bundling) unique(name string) string {
	if z.names == nil {
		z.names = map[string]bool{}
	}
	whole, ext := name, path.Ext(name)
	for n := 2; z.names[strings.ToLower(whole)]; n++ {
		whole = strings.TrimSuffix(name, ext) + "-" + strconv.Itoa(n) + ext
	}
	z.names[strings.ToLower(whole)] = true
	return whole
}

// documents are the case file in its three forms.
func (z *bundling) documents() error {
	d := z.r.caseDocument(z.ctx, z.b.Case, maxCasePictures)
	for _, x := range []struct {
		ext   string
		write func(io.Writer) error
	}{
		{".html", func(w io.Writer) error { return z.r.writeCaseHTML(w, d) }},
		{".pdf", func(w io.Writer) error { return z.r.writeCasePDF(w, d) }},
		{".json", func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			e.SetEscapeHTML(false)
			return e.Encode(z.b.Case.File)
		}},
	} {
		err := z.add(bundled{path: z.folder + x.ext, what: "case file"}, z.at, func(w io.Writer) (bool, error) { return false, x.write(w) })
		if err != nil {
			return err
		}
	}
	return nil
}

// mails are the raw mails, as they came and as they went.
func (z *bundling) mails() error {
	for i, m := range z.b.Case.Messages {
		if m.Password {
			continue
		}
		open := func() (io.ReadCloser, error) { return z.b.Raw(z.ctx, m.SHA256) }
		line := bundled{path: fmt.Sprintf("mails/%04d-%s-%s.eml", i+1, m.Direction, m.At.UTC().Format("20060102T150405Z")), recorded: m.SHA256, what: string(m.Visibility) + " mail, " + m.Direction, original: m.Subject}
		if z.lacks(line, open) {
			continue
		}
		if err := z.add(line, m.At, func(w io.Writer) (bool, error) { return z.b.Mailbox.WriteBlankMail(w, open) }); err != nil {
			return err
		}
	}
	return nil
}

// evidence are the attachments of the mails that came in.
func (z *bundling) evidence() error {
	for _, m := range z.b.Case.Messages {
		for _, a := range m.Attachments {
			open := func() (io.ReadCloser, error) { return z.r.open(z.ctx, m.SHA256, a.Place) }
			line := bundled{path: fmt.Sprintf("evidence/%03d-%s", a.Number, plainName(fileName(a.Filename, "unnamed"), 80)), recorded: a.SHA256, what: a.ContentType, original: a.Filename}
			if Dangerous(a.Filename, a.ContentType) || Dangerous(line.path, "") {
				line.path += ".danger"
			}
			if z.lacks(line, open) {
				continue
			}
			if err := z.add(line, m.At, func(w io.Writer) (bool, error) { return z.copyEvidence(w, a, open) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyEvidence blanks tokens in what is a mail or a text, and leaves every other file as it was.
func (z *bundling) copyEvidence(w io.Writer, a tickets.Attachment, open func() (io.ReadCloser, error)) (bool, error) {
	switch kind := strings.ToLower(a.ContentType); {
	case strings.HasPrefix(kind, "message/"):
		return z.b.Mailbox.WriteBlankMail(w, open)
	case strings.HasPrefix(kind, "text/"):
		return z.b.Mailbox.WriteBlankText(w, open)
	}
	r, err := open()
	if err != nil {
		return false, err
	}
	defer r.Close()
	_, err = io.Copy(w, r)
	return false, err
}

// lacks says whether a file cannot be opened, and notes that in the manifest: a case with a gap is exported all the same.
func (z *bundling) lacks(line bundled, open func() (io.ReadCloser, error)) bool {
	r, err := open()
	if err == nil {
		r.Close()
		return false
	}
	line.path, line.note = "", "MISSING: "+err.Error()
	if errors.Is(err, tickets.ErrNotFound) {
		line.note = "MISSING from the evidence"
	}
	z.lines = append(z.lines, line)
	return true
}

// manifest says of every file what it is and how it stands to the record.
func (z *bundling) manifest() error {
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	out.UseCRLF = true
	out.Write([]string{"file", "sha256", "sha256_on_record", "note", "what", "original_name"})
	for _, l := range z.lines {
		out.Write([]string{l.path, l.sha256, l.recorded, l.note, cell(l.what), cell(l.original)})
	}
	out.Flush()
	return z.add(bundled{path: "manifest.csv"}, z.at, func(w io.Writer) (bool, error) {
		_, err := b.WriteTo(w)
		return false, err
	})
}

// cell keeps a spreadsheet from taking a stranger's words for a formula.
func cell(s string) string {
	s = oneLine(s, 300)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}

// sums is what `sha256sum -c SHA256SUMS` reads, in the folder of the case (GNU coreutils).
func (z *bundling) sums() error {
	var b bytes.Buffer
	for _, l := range z.lines {
		if l.path != "" {
			fmt.Fprintf(&b, "%s  %s\n", l.sha256, l.path)
		}
	}
	return z.add(bundled{path: "SHA256SUMS"}, z.at, func(w io.Writer) (bool, error) {
		_, err := b.WriteTo(w)
		return false, err
	})
}

// plainName is a file name of ASCII letters, digits and a few signs, at most max bytes: no folder, no option, no hidden file.
func plainName(name string, max int) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '_'
	}, name)
	plain = strings.TrimLeft(strings.ReplaceAll(plain, "..", "_."), ".-")
	if len(plain) > max {
		ext := path.Ext(plain)
		if len(ext) > 12 {
			ext = ""
		}
		plain = plain[:max-len(ext)] + ext
	}
	if plain == "" {
		return "unnamed"
	}
	return plain
}
