package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/smtp"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/erasure/http/contract"
	"github.com/atlascloudai/docket/erasure/http/example"
	"github.com/atlascloudai/docket/local"
	"github.com/atlascloudai/docket/samples"
)

// privacyAddress is where people write to on the one-machine stack.
const privacyAddress = "privacy@docket.test"

// sampleEstate is what a fictional company keeps: a database, a bucket, a newsletter and a CRM that only its owner reaches.
type sampleEstate struct {
	objects    *local.S3
	newsletter *http.Server
}

// startEstate brings the sample estate up anew and writes down how its stores are reached.
func (s *stack) startEstate(ctx context.Context) error {
	if !s.sample {
		return nil
	}
	dir := filepath.Join(s.dir, "estate")
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(filepath.Join(dir, "objects"), 0o700)); err != nil {
		return fmt.Errorf("cannot make the estate's directory: %w", err)
	}
	s.estate = &sampleEstate{}
	if err := s.shop(ctx); err != nil {
		return err
	}
	access, secret := "sample", rand.Text()
	if err := s.estate.startObjects(ctx, filepath.Join(dir, "objects"), access, secret); err != nil {
		return err
	}
	signing := "whsec_" + base64.StdEncoding.EncodeToString([]byte(rand.Text()+rand.Text()))
	address, err := s.estate.startNewsletter(filepath.Join(dir, "subscribers.json"), signing)
	if err != nil {
		return err
	}
	connections := fmt.Sprintf("app: {postgres: {url_file: estate/app}}\nmedia: {s3: {endpoint: %q, access_key_file: estate/access, secret_key_file: estate/secret}}\nnewsletter: {http: {url: %q, secret_file: estate/newsletter}}\n",
		s.estate.objects.URL, address)
	for name, content := range map[string]string{
		"estate/app": s.postgres.DSN("shop"), "estate/access": access, "estate/secret": secret, "estate/newsletter": signing,
		"connections.yaml": connections, "estate.yaml": string(samples.Estate()),
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600); err != nil {
			return fmt.Errorf("cannot write down the estate: %w", err)
		}
	}
	return nil
}

// shop makes the company's database anew.
func (s *stack) shop(ctx context.Context) error {
	for _, step := range []struct{ database, sql string }{
		{"postgres", `DROP DATABASE IF EXISTS shop WITH (FORCE)`}, {"postgres", `CREATE DATABASE shop`}, {"shop", samples.Shop()},
	} {
		conn, err := pgx.Connect(ctx, s.postgres.DSN(step.database))
		if err != nil {
			return fmt.Errorf("cannot reach the sample database: %w", err)
		}
		_, err = conn.Exec(ctx, step.sql)
		if err = errors.Join(err, conn.Close(ctx)); err != nil {
			return fmt.Errorf("cannot make the sample database: %w", err)
		}
	}
	return nil
}

func (e *sampleEstate) startObjects(ctx context.Context, dir, access, secret string) (err error) {
	if e.objects, err = local.StartS3(ctx, local.S3Options{Dir: dir, AccessKey: access, SecretKey: secret}); err != nil {
		return err
	}
	client := awss3.New(awss3.Options{Region: "us-east-1", BaseEndpoint: &e.objects.URL, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider(access, secret, "")})
	bucket := "media"
	if _, err := client.CreateBucket(ctx, &awss3.CreateBucketInput{Bucket: &bucket}); err != nil {
		return fmt.Errorf("cannot make the sample bucket: %w", err)
	}
	for _, key := range []string{"t/1/cat.png", "t/1/voice.wav", "t/1/report.pdf", "t/10/dog.png"} {
		if _, err := client.PutObject(ctx, &awss3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("made up")}); err != nil {
			return fmt.Errorf("cannot fill the sample bucket: %w", err)
		}
	}
	return nil
}

func (e *sampleEstate) startNewsletter(file, secret string) (string, error) {
	newsletter, err := example.Open(file)
	if err != nil {
		return "", err
	}
	for key, one := range map[string]example.Subscriber{
		"s-1": {"email": ana, "account_id": "1", "name": "Ana"}, "s-2": {"email": "ben@example.test", "account_id": "10", "name": "Ben"},
	} {
		if err := newsletter.Put(key, one); err != nil {
			return "", err
		}
	}
	handler, err := contract.Handler(example.Collections(), newsletter, secret)
	if err != nil {
		return "", err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("cannot start the sample newsletter: %w", err)
	}
	e.newsletter = &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = e.newsletter.Serve(listener) }() // ends with Close
	return "http://" + listener.Addr().String(), nil
}

func (e *sampleEstate) stop(ctx context.Context) error {
	var failed []error
	if e.newsletter != nil {
		failed = append(failed, e.newsletter.Close())
	}
	if e.objects != nil {
		failed = append(failed, e.objects.Stop(ctx))
	}
	return errors.Join(failed...)
}

// letter mails what a person writes to the privacy address, as their mail server would.
func (s *stack) letter(from, subject, text string) error {
	message := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s@example.test>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
		from, privacyAddress, subject, time.Now().UTC().Format(time.RFC1123Z), rand.Text(), text)
	if err := smtp.SendMail(s.at.bounce, nil, from, []string{privacyAddress}, []byte(message)); err != nil {
		return fmt.Errorf("the letter was not taken: %w", err)
	}
	return nil
}

// newestLetter is the number of the newest letter in the mailboxes.
func (s *stack) newestLetter() (newest int64) {
	if kept := s.mail.Messages(); len(kept) > 0 {
		newest = kept[len(kept)-1].ID
	}
	return newest
}

// mailbox waits for a letter to somebody, newer than another, in which something stands, and answers with its text.
func (s *stack) mailbox(ctx context.Context, after int64, to string, with *regexp.Regexp) (string, error) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for _, m := range s.mail.Messages() {
			if m.ID <= after || len(m.To) == 0 || !strings.EqualFold(m.To[0], to) || ctx.Err() != nil {
				continue
			}
			data, err := s.mail.Data(m.ID)
			if err != nil {
				return "", err
			}
			// A line of the text that was folded for the way ends in "=" (RFC 2045 section 6.7).
			if text := strings.ReplaceAll(string(data), "=\r\n", ""); with.MatchString(text) {
				return text, nil
			}
		}
	}
	return "", fmt.Errorf("no letter reached %s", to)
}
