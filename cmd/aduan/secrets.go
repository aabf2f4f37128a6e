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
			return fmt.Errorf("mailbox %s: oauth2 is not supported by this version: give password_file", m.Name)
		}
		if err := read("mailbox "+m.Name+": password", &m.Password, m.PasswordIn); err != nil {
			return err
		}
		if m.Password == "" {
			return fmt.Errorf("mailbox %s: the password is missing: give password_file", m.Name)
		}
	}
	if s.SMTP.OAuth2 != nil {
		return errors.New("smtp: oauth2 is not supported by this version: give password_file")
	}
	if err := read("smtp: password", &s.SMTP.Password, s.SMTP.PasswordIn); err != nil {
		return err
	}
	if s.SMTP.Username != "" && s.SMTP.Password == "" {
		return errors.New("smtp: the password is missing: give password_file, or take username away")
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
