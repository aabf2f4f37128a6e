package mailout

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"runtime"
	"strings"

	_ "image/gif" // the formats that are decoded
	_ "image/png"

	"aduan/tickets"
)

// Limits of previews: what is larger is attached all the same, only not shown.
const (
	maxPreviews     = 6
	maxPreviewBytes = 10_000_000 // of the file
	maxDecoded      = 36_000_000 // bytes of the decoded picture: a screen of 4K, a telephone's photograph of 9 megapixels
	previewWidth    = 480        // pixels at most
	previewHeight   = 360
)

// addPreviews makes small pictures of the screenshots in a staff mail. A picture that cannot be decoded has none; that is no
// error, for the file itself goes along.
func (c *composition) addPreviews(ctx context.Context) {
	if !c.staff || c.r.open == nil {
		return
	}
	made := 0
	for i := range c.files {
		e := &c.files[i]
		if made == maxPreviews || e.Size > maxPreviewBytes || !pictureType(e.ContentType) || e.withheld == "dangerous" || e.password != "" {
			continue
		}
		picture, size, err := c.r.preview(ctx, e.raw, e.Place, image.Pt(previewWidth, previewHeight))
		if err != nil {
			continue
		}
		made++
		e.preview, e.width, e.previewID = picture, size.X, fmt.Sprintf("preview-%d@%s", made, tickets.Domain(c.r.settings.Address))
	}
}

func previewURL(id string) template.URL { return template.URL("cid:" + id) }

func pictureType(t string) bool {
	t = strings.ToLower(t)
	return strings.HasPrefix(t, "image/png") || strings.HasPrefix(t, "image/jpeg") || strings.HasPrefix(t, "image/jpg") || strings.HasPrefix(t, "image/gif")
}

// preview decodes one picture of a raw mail, where its header does not declare that this would take too much memory, and returns
// a JPEG of it that fits into a frame, with its size.
func (r *Renderer) preview(ctx context.Context, rawSHA256, place string, frame image.Point) ([]byte, image.Point, error) {
	select {
	case r.decoding <- struct{}{}:
		defer func() { <-r.decoding }()
	case <-ctx.Done():
		return nil, image.Point{}, ctx.Err()
	}
	cost := 0
	err := r.readPicture(ctx, rawSHA256, place, func(f io.Reader) (err error) {
		cost, err = affordable(f)
		return err
	})
	if err != nil {
		return nil, image.Point{}, err
	}
	if cost > largePicture {
		defer runtime.GC() // before the next one: two would else be in memory, this one as garbage
	}
	var b bytes.Buffer
	var size image.Point
	err = r.readPicture(ctx, rawSHA256, place, func(f io.Reader) error {
		whole, _, err := image.Decode(f)
		if err != nil {
			return err
		}
		small := shrink(whole, frame.X, frame.Y)
		size = small.Bounds().Size()
		return jpeg.Encode(&b, small, &jpeg.Options{Quality: 80})
	})
	return b.Bytes(), size, err
}

// readPicture reads a picture out of the kept mail again: its file is never whole in memory.
func (r *Renderer) readPicture(ctx context.Context, rawSHA256, place string, read func(io.Reader) error) error {
	f, err := r.open(ctx, rawSHA256, place)
	if err != nil {
		return err
	}
	defer f.Close()
	return read(bufio.NewReaderSize(io.LimitReader(f, maxPreviewBytes), 64<<10))
}

// largePicture is from how many bytes on a decoded picture is worth a collection of garbage of its own.
const largePicture = 8 << 20

// affordable reads a picture's header, says how many bytes decoding it takes, and refuses one that is no picture for a preview.
func affordable(f io.Reader) (int, error) {
	var read bytes.Buffer
	head, format, err := image.DecodeConfig(io.TeeReader(f, &read))
	if err != nil {
		return 0, err
	}
	deep := depth(head.ColorModel, format, read.Bytes())
	if head.Width < 16 || head.Height < 16 || head.Width > maxDecoded/head.Height/deep {
		return 0, fmt.Errorf("a %s of %d by %d pixels", format, head.Width, head.Height)
	}
	return head.Width * head.Height * deep, nil
}

// depth is how many bytes a pixel takes while a picture is decoded.
func depth(m color.Model, format string, head []byte) int {
	switch m {
	case color.GrayModel:
		return 1
	case color.YCbCrModel, color.CMYKModel:
		if bytes.Contains(head, []byte{0xff, 0xc2}) { // progressive (ITU-T T.81, table B.1): all coefficients are held
			return 20
		}
		return 4
	case color.NRGBA64Model, color.RGBA64Model:
		return 8
	}
	if format == "gif" {
		return 1
	}
	if _, paletted := m.(color.Palette); paletted {
		return 1
	}
	return 4
}

// shrink scales a picture down into a frame by averaging at most 4 by 4 samples a pixel, on white. A smaller one keeps its size.
func shrink(src image.Image, maxW, maxH int) *image.RGBA {
	b := src.Bounds()
	w, h := b.Dx(), b.Dy()
	if w > maxW {
		w, h = maxW, max(1, h*maxW/w)
	}
	if h > maxH {
		w, h = max(1, w*maxH/h), maxH
	}
	at := sampler(src)
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			from := image.Pt(b.Min.X+x*b.Dx()/w, b.Min.Y+y*b.Dy()/h)
			to := image.Pt(b.Min.X+(x+1)*b.Dx()/w, b.Min.Y+(y+1)*b.Dy()/h)
			dst.SetRGBA(x, y, average(at, from, to))
		}
	}
	return dst
}

// sampler reads pixels without an allocation for each, which all pictures of the standard library can.
func sampler(src image.Image) func(x, y int) color.RGBA64 {
	if fast, ok := src.(image.RGBA64Image); ok {
		return fast.RGBA64At
	}
	return func(x, y int) color.RGBA64 {
		r, g, b, a := src.At(x, y).RGBA()
		return color.RGBA64{R: uint16(r), G: uint16(g), B: uint16(b), A: uint16(a)}
	}
}

// average mixes a field of pixels. Colours are premultiplied, so what lacks to full opacity is the white below.
func average(at func(x, y int) color.RGBA64, from, to image.Point) color.RGBA {
	var r, g, b, n uint32
	for y := from.Y; y < max(to.Y, from.Y+1); y += max(1, (to.Y-from.Y)/4) {
		for x := from.X; x < max(to.X, from.X+1); x += max(1, (to.X-from.X)/4) {
			c := at(x, y)
			white := 0xffff - uint32(c.A)
			r, g, b, n = r+(uint32(c.R)+white)>>8, g+(uint32(c.G)+white)>>8, b+(uint32(c.B)+white)>>8, n+1
		}
	}
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255}
}
