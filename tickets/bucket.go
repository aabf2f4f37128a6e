package tickets

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"golang.org/x/sync/errgroup"
)

// AccessKey is what opens a bucket. Where it is empty, the usual places are asked: AWS_ACCESS_KEY_ID and its like, the
// shared credentials file, the role of the machine.
type AccessKey struct{ ID, Secret string }

// Bucket is an evidence store in an S3-compatible bucket: ab/cd/abcd… below its prefix. A piece is written to a local
// draft first, since its name is known when it ends; Keep has returned when the server has acknowledged every byte with
// a checksum. An object is there whole or not at all, so many gateways may write one piece at once.
type Bucket struct {
	client *minio.Client
	name   string
	prefix string
}

const (
	bucketTries = 3 // of one request; what fails then is tried again with the whole mail
	// bucketAnswer is how long a server may take to answer. A piece gets bucketPace more for each of its bytes.
	bucketAnswer  = 20 * time.Second
	bucketPace    = time.Second / (64 << 10)
	bucketUploads = 8 // at once
)

// NewBucket opens the store that s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME] names; without an endpoint it is Amazon's.
// Nothing is asked of the server yet: Check does.
func NewBucket(u *url.URL, key AccessKey) (*Bucket, error) {
	endpoint, secure, err := bucketEndpoint(u)
	if err != nil {
		return nil, err
	}
	places := []credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{}}
	if key.ID != "" {
		places = []credentials.Provider{&credentials.Static{Value: credentials.Value{AccessKeyID: key.ID, SecretAccessKey: key.Secret, SignerType: credentials.SignatureV4}}}
	}
	client, err := minio.New(endpoint, &minio.Options{Creds: credentials.NewChainCredentials(places), Secure: secure, Region: u.Query().Get("region"),
		Transport: bucketTransport(), MaxRetries: bucketTries})
	if err != nil {
		return nil, fmt.Errorf("evidence.url %q: %w", u.Redacted(), err)
	}
	return &Bucket{client: client, name: u.Host, prefix: strings.Trim(u.Path, "/")}, nil
}

func bucketEndpoint(u *url.URL) (host string, secure bool, err error) {
	const form = "give s3://BUCKET?endpoint=https://HOST&region=NAME"
	if u.Host == "" || u.User != nil {
		return "", false, fmt.Errorf("evidence.url %q: %s; the keys stand in access_key and secret_key_file", u.Redacted(), form)
	}
	for name := range u.Query() {
		if name != "endpoint" && name != "region" {
			return "", false, fmt.Errorf("evidence.url %q: %q is unknown: %s", u.Redacted(), name, form)
		}
	}
	text := u.Query().Get("endpoint")
	if text == "" {
		return "s3.amazonaws.com", true, nil
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	e, err := url.Parse(text)
	if err != nil || e.Host == "" || e.Scheme != "http" && e.Scheme != "https" || strings.Trim(e.Path, "/") != "" {
		return "", false, fmt.Errorf("evidence.url %q: the endpoint is no address: %s", u.Redacted(), form)
	}
	return e.Host, e.Scheme == "https", nil
}

// bucketTransport waits for no server for ever; idle connections outlast a round of the mailbox.
func bucketTransport() *http.Transport {
	return &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: bucketAnswer / 2}).DialContext, TLSHandshakeTimeout: bucketAnswer / 2,
		ResponseHeaderTimeout: bucketAnswer, MaxIdleConnsPerHost: 2 * bucketUploads, IdleConnTimeout: 2 * time.Minute, DisableCompression: true}
}

// Create implements Evidence. The draft has no name on the disk, so that no crash leaves one behind.
func (b *Bucket) Create(context.Context) (Draft, error) {
	file, err := os.CreateTemp("", "aduan-evidence-*")
	if err != nil {
		return nil, fmt.Errorf("begin evidence: %w", err)
	}
	os.Remove(file.Name()) // where an open file cannot be removed, drop does it
	return &objectDraft{fileDraft{file: file, hash: sha256.New()}}, nil
}

// Keep implements Evidence.
func (b *Bucket) Keep(ctx context.Context, drafts ...Draft) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(bucketUploads)
	for _, d := range drafts {
		group.Go(func() error { return b.upload(ctx, d.(*objectDraft)) })
	}
	return group.Wait()
}

func (b *Bucket) upload(ctx context.Context, d *objectDraft) error {
	if d.kept {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, bucketAnswer+time.Duration(d.size)*bucketPace)
	defer cancel()
	// Read through ReadAt: a second try begins at the first byte again, and no part is kept in memory. Content-MD5 is the
	// check that every S3 server makes of what it received.
	piece := io.NewSectionReader(d.file, 0, d.size)
	_, err := b.client.PutObject(ctx, b.name, b.key(d.Sum()), piece, d.size,
		minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true, SendContentMd5: true})
	if err != nil {
		return fmt.Errorf("keep evidence in bucket %s: %w", b.name, err)
	}
	d.drop()
	d.kept = true
	return nil
}

// Open implements Evidence.
func (b *Bucket) Open(ctx context.Context, sum string) (io.ReadCloser, error) {
	if !isSum(sum) {
		return nil, fmt.Errorf("open evidence %q: %w", sum, ErrNotFound)
	}
	for _, place := range places(sum) {
		object, err := b.client.GetObject(ctx, b.name, path.Join(b.prefix, place), minio.GetObjectOptions{})
		if err == nil {
			_, err = object.Stat()
		}
		if err == nil {
			return object, nil
		}
		if object != nil {
			object.Close()
		}
		if minio.ToErrorResponse(err).Code != minio.NoSuchKey {
			return nil, fmt.Errorf("open evidence in bucket %s: %w", b.name, err)
		}
	}
	return nil, fmt.Errorf("open evidence %s: %w", sum, ErrNotFound)
}

// Check implements Evidence.
func (b *Bucket) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, bucketAnswer)
	defer cancel()
	_, err := b.client.PutObject(ctx, b.name, path.Join(b.prefix, "new", "check"), strings.NewReader("check"), 5, minio.PutObjectOptions{})
	switch answer := minio.ToErrorResponse(err); {
	case answer.Code == minio.NoSuchBucket:
		return fmt.Errorf("there is no bucket %s: make it", b.name)
	case answer.StatusCode == http.StatusForbidden, answer.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("bucket %s: the access key is refused or may not write: look at access_key and secret_key_file: %w", b.name, err)
	}
	if err != nil {
		return fmt.Errorf("write to bucket %s: look at evidence.url, access_key and secret_key_file: %w", b.name, err)
	}
	return nil
}

// Each implements EvidenceLister.
func (b *Bucket) Each(ctx context.Context, each func(EvidencePiece) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing where each gave up
	under := b.prefix
	if under != "" {
		under += "/"
	}
	for o := range b.client.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: under, Recursive: true}) {
		if o.Err != nil {
			return fmt.Errorf("list bucket %s: %w", b.name, o.Err)
		}
		p := EvidencePiece{Place: o.Key, Size: o.Size, Changed: o.LastModified}
		switch name := path.Base(o.Key); {
		case o.Key == path.Join(b.prefix, "new", "check"):
			continue
		case isPlace(strings.TrimPrefix(o.Key, under), name):
			p.SHA256 = name
		}
		if err := each(p); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (b *Bucket) key(sum string) string { return path.Join(b.prefix, places(sum)[0]) }

// objectDraft is a piece on its way to a bucket.
type objectDraft struct{ fileDraft }
