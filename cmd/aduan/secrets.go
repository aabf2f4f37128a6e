package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// checkSecrets reads every secret from where it stands: in the settings, in a file of its own, or in the environment.
func (s *settings) checkSecrets() error {
	literal := false
	read := func(name string, value *string, file string) error {
		if *value != "" && !strings.HasPrefix(*value, "env:") {
			literal = true
		}
		text, err := s.secret(name, *value, file)
		*value = text
		return err
	}
	for i := range s.Mailboxes {
		m := &s.Mailboxes[i]
		if m.OAuth2 != nil {
			if err := read("mailbox "+m.Name+": oauth2.client_secret", &m.OAuth2.ClientSecret, m.OAuth2.SecretIn); err != nil {
				return err
			}
		}
		if err := read("mailbox "+m.Name+": password", &m.Password, m.PasswordIn); err != nil {
			return err
		}
		if (m.Password == "") == (m.OAuth2 == nil) {
			return fmt.Errorf("mailbox %s: the password is missing, or there is oauth2 too: give password_file or oauth2", m.Name)
		}
	}
	if s.SMTP.OAuth2 != nil {
		if err := read("smtp: oauth2.client_secret", &s.SMTP.OAuth2.ClientSecret, s.SMTP.OAuth2.SecretIn); err != nil {
			return err
		}
	}
	if err := read("smtp: password", &s.SMTP.Password, s.SMTP.PasswordIn); err != nil {
		return err
	}
	if s.SMTP.Username != "" && (s.SMTP.Password == "") == (s.SMTP.OAuth2 == nil) {
		return errors.New("smtp: the password is missing, or there is oauth2 too: give password_file or oauth2, or take username away")
	}
	if s.SMTP.Username == "" && s.SMTP.OAuth2 != nil {
		return errors.New("smtp: username is missing: oauth2 needs it")
	}
	if err := read("evidence: secret_key", &s.Evidence.SecretKey, s.Evidence.SecretKeyIn); err != nil {
		return err
	}
	if (s.Evidence.AccessKey == "") != (s.Evidence.SecretKey == "") {
		return errors.New("evidence: access_key and secret_key_file go together: give both, or none where the environment or the machine's role holds them")
	}
	if s.Security.Secret != "" {
		s.Security.SecretIn = ""
	}
	if err := read("security: secret", &s.Security.Secret, s.Security.SecretIn); err != nil {
		return err
	}
	if literal {
		return mayBeRead(s.path, "it holds a secret")
	}
	return nil
}

// secret reads one secret. A trailing line end belongs to the file, not to the secret.
func (s *settings) secret(name, value, file string) (string, error) {
	if variable, ok := strings.CutPrefix(value, "env:"); ok {
		text, found := os.LookupEnv(variable)
		if !found {
			return "", fmt.Errorf("%s: the environment has no %s", name, variable)
		}
		return text, nil
	}
	if value != "" || file == "" {
		return value, nil
	}
	path := s.resolve(file)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		hint := "write the secret into it (chmod 600)"
		if strings.HasPrefix(name, "security") {
			hint = "`aduan init` makes it"
		}
		return "", fmt.Errorf("%s_file: there is no file %s: %s", name, path, hint)
	}
	if err != nil {
		return "", fmt.Errorf("%s_file: %w", name, err)
	}
	return strings.TrimRight(string(text), "\r\n"), mayBeRead(path, name)
}

// mayBeRead refuses a file with a secret that group or others can read.
func mayBeRead(path, what string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("look at %s: %w", path, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s can be read by others (%s, %s): chmod 600 %s", path, what, info.Mode().Perm(), path)
	}
	return nil
}
