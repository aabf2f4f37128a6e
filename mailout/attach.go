package mailout

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"regexp"
	"strings"

	"github.com/wneessen/go-mail"

	"aduan/tickets"
)

// dangerousExtensions are those of files that run, carry macros or hide what is in them. Such files are evidence and stay
// there; they do not travel on by mail, where a click opens them.
var dangerousExtensions = words(`
	ade adp apk app appx appxbundle bat chm cmd com cpl deb diagcab dll dmg elf exe gadget hlp hta ins iso img inf isp jar
	jnlp js jse lib lnk mde msc msi msix msp mst nsh pif pkg ps1 ps1xml ps2 psc1 psd1 psm1 py rpm reg run scf scr sct settingcontent-ms
	sh so sys url vb vbe vbs vhd vhdx vxd wsc wsf wsh xll
	docm dotm pptm potm ppam ppsm sldm xlsm xltm xlam xlsb one onepkg
	7z ace arj bz2 cab gz lha lz lzh lzma rar tar tbz tgz txz xz z zip zst
	htm html mht mhtml shtml svg svgz xht xhtml php phtml asp aspx jsp cgi pl swf`)

// dangerousTypes are the same by content type, for files whose names say nothing.
var dangerousTypes = words(`
	application/x-msdownload application/x-msdos-program application/x-dosexec application/x-executable application/x-sharedlib
	application/vnd.microsoft.portable-executable application/x-sh application/x-shellscript application/javascript text/javascript
	application/x-javascript application/java-archive application/vnd.android.package-archive application/x-msi application/hta
	application/vnd.ms-word.document.macroenabled.12 application/vnd.ms-excel.sheet.macroenabled.12
	application/vnd.ms-powerpoint.presentation.macroenabled.12 application/vnd.ms-excel.sheet.binary.macroenabled.12
	application/zip application/x-zip-compressed application/x-rar-compressed application/vnd.rar application/x-7z-compressed
	application/gzip application/x-gzip application/x-tar application/x-bzip2 application/x-xz application/x-iso9660-image
	text/html application/xhtml+xml image/svg+xml application/x-php text/x-php`)

func words(s string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(s) {
		set[w] = true
	}
	return set
}

// Dangerous says whether a file must not go along with a mail, by its name and by its content type.
func Dangerous(filename, contentType string) bool {
	name := strings.ToLower(strings.TrimRight(oneLine(filename, 1000), " ."))
	if i := strings.LastIndexByte(name, '.'); i >= 0 && dangerousExtensions[name[i+1:]] {
		return true
	}
	base, _, _ := strings.Cut(contentType, ";")
	return dangerousTypes[strings.ToLower(strings.TrimSpace(base))]
}

// enclosure is one attachment that a mail speaks of.
type enclosure struct {
	tickets.Attachment
	raw       string // SHA-256 of the raw mail it is in
	withheld  string // label of the reason why it does not go along; "" where it does
	previewID string // content id of its preview; "" for none
	width     int    // of the preview, pixels
	preview   []byte
}

// enclosures lists the attachments that a notice carries, the same content once, and decides which of them go along: those
// that are not dangerous, in their order, until max bytes are reached.
func enclosures(n tickets.Notice, max int64) []enclosure {
	var all []enclosure
	seen := map[string]bool{}
	room := max
	add := func(m tickets.Message) {
		for _, a := range m.Attachments {
			if seen[a.SHA256] {
				continue
			}
			seen[a.SHA256] = true
			e := enclosure{Attachment: a, raw: m.SHA256}
			switch {
			case Dangerous(a.Filename, a.ContentType):
				e.withheld = "dangerous"
			case a.Size > room:
				e.withheld = "large"
			default:
				room -= a.Size
			}
			all = append(all, e)
		}
	}
	for _, it := range n.Items {
		if it.Files {
			add(n.Texts[it.Message])
		}
	}
	for _, m := range n.Case {
		add(m)
	}
	return all
}

var mediaType = regexp.MustCompile(`^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}$`)

// attachedType is the content type to attach a file with. Types that may not be base64 encoded (RFC 2046 sections 5.1 and
// 5.2.1) and those that are no types become plain bytes.
func attachedType(declared string) string {
	base, _, _ := strings.Cut(declared, ";")
	base = strings.ToLower(strings.TrimSpace(base))
	if !mediaType.MatchString(base) || strings.HasPrefix(base, "message/") || strings.HasPrefix(base, "multipart/") {
		return "application/octet-stream"
	}
	return base
}

// attach adds a file that is read only when the mail is written. What goes wrong then is kept in fault, because the library
// forgets the first of several errors.
func attach(msg *mail.Msg, name, contentType string, fault *error, open func() (io.ReadCloser, error)) {
	f := &mail.File{Name: name, Header: map[string][]string{}, Enc: mail.EncodingB64}
	f.Header.Set("Content-Type", fmt.Sprintf(`%s; name="%s"`, contentType, mime.QEncoding.Encode("utf-8", name)))
	f.Header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	f.Writer = func(w io.Writer) (n int64, err error) {
		defer func() {
			if err != nil && *fault == nil {
				*fault = fmt.Errorf("attach %q: %w", name, err)
			}
		}()
		r, err := open()
		if err != nil {
			return 0, err
		}
		defer r.Close()
		return io.Copy(w, r)
	}
	msg.SetAttachments(append(msg.GetAttachments(), f))
}

// attachAll adds all enclosures that go along.
func (r *Renderer) attachAll(ctx context.Context, msg *mail.Msg, all []enclosure, name func(string) string, fault *error) {
	for _, e := range all {
		if e.withheld != "" {
			continue
		}
		attach(msg, name(e.Filename), attachedType(e.ContentType), fault, func() (io.ReadCloser, error) {
			return r.open(ctx, e.raw, e.Place)
		})
	}
}

// size tells a number of bytes as people write it in a language.
func size(n int64, l tickets.Language) string {
	value, unit := float64(n), "byte"
	for _, u := range []string{"KB", "MB", "GB"} {
		if value < 1000 {
			break
		}
		value, unit = value/1000, u
	}
	if unit == "byte" {
		if l == tickets.English && n != 1 {
			unit = "bytes"
		}
		return fmt.Sprintf("%d %s", n, unit)
	}
	s := fmt.Sprintf("%.1f %s", value, unit)
	if l == tickets.English {
		return s
	}
	return strings.Replace(s, ".", ",", 1)
}

// shownHash is a SHA-256 as a mail shows it; what is no hash is not shown.
func shownHash(sha string) string {
	if b, err := hex.DecodeString(sha); err != nil || len(b) != 32 {
		return "?"
	}
	return strings.ToLower(sha)
}
