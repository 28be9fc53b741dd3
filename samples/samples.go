// Package samples holds fictional customers and agreements for the demonstration
// and for trying an import. Every name is invented, and every address ends in
// .test or example.com, which belong to nobody (RFC 2606).
package samples

import (
	"embed"
	"fmt"
)

//go:embed agreements.yaml customers.csv contacts.csv acceptances.csv
var embedded embed.FS

// Agreements is the files by name, as an import reads them.
func Agreements() map[string][]byte {
	entries, err := embedded.ReadDir(".")
	if err != nil {
		panic(fmt.Sprintf("the embedded samples have no folder: %v", err))
	}
	files := make(map[string][]byte, len(entries))
	for _, entry := range entries {
		text, err := embedded.ReadFile(entry.Name())
		if err != nil {
			panic(fmt.Sprintf("the embedded sample %s is not there: %v", entry.Name(), err))
		}
		files[entry.Name()] = text
	}
	return files
}
