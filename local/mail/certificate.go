package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// selfSigned is a certificate that verifies itself, for this machine only.
type selfSigned struct {
	leaf    *x509.Certificate
	pair    tls.Certificate
	certPEM []byte
	keyPEM  []byte
}

// SelfSigned makes a certificate for the given names, localhost and the loopback
// addresses, valid from an hour ago for two years: what a server offers, and the
// pool with which a client verifies it.
func SelfSigned(hosts ...string) (*tls.Config, *x509.CertPool, error) {
	c, err := newSelfSigned(hosts)
	if err != nil {
		return nil, nil, err
	}
	return c.config(), c.pool(), nil
}

// certificate is the one in the folder while it is good for these names and for
// another day, else a new one that takes its place.
func certificate(dir string, hosts []string) (*selfSigned, error) {
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if dir != "" {
		certPEM, _ := os.ReadFile(certFile)
		keyPEM, _ := os.ReadFile(keyFile)
		if kept, err := readSelfSigned(certPEM, keyPEM); err == nil && kept.goodFor(hosts) {
			return kept, nil
		}
	}
	made, err := newSelfSigned(hosts)
	if err != nil || dir == "" {
		return made, err
	}
	// The key first: a certificate without its key is seen and replaced at the next start.
	if err := os.WriteFile(keyFile, made.keyPEM, 0o600); err != nil {
		return nil, fmt.Errorf("cannot keep the certificate's key: %w", err)
	}
	if err := os.WriteFile(certFile, made.certPEM, 0o644); err != nil {
		return nil, fmt.Errorf("cannot keep the certificate: %w", err)
	}
	return made, nil
}

func newSelfSigned(hosts []string) (*selfSigned, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot make a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("cannot make a serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "Docket local mail server"},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(2, 0, 0),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    append([]string{"localhost"}, hosts...),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("cannot sign a certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("cannot write a key: %w", err)
	}
	return readSelfSigned(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	)
}

func readSelfSigned(certPEM, keyPEM []byte) (*selfSigned, error) {
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("cannot read the certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("cannot read the certificate: %w", err)
	}
	return &selfSigned{leaf: leaf, pair: pair, certPEM: certPEM, keyPEM: keyPEM}, nil
}

func (c *selfSigned) goodFor(hosts []string) bool {
	for _, host := range hosts {
		if c.leaf.VerifyHostname(host) != nil {
			return false
		}
	}
	return time.Now().Add(24 * time.Hour).Before(c.leaf.NotAfter)
}

func (c *selfSigned) config() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c.pair}, MinVersion: tls.VersionTLS12}
}

func (c *selfSigned) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(c.leaf)
	return pool
}
