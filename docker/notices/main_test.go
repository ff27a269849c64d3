package main

import (
	"os"
	"path/filepath"
	"testing"
)

// What a package declares, what its license says, what its classifiers say: the first that is there.
func TestLicenses(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		metadata, license, want string
	}{
		"declared":   {"License-Expression: MIT-0\nClassifier: License :: OSI Approved :: MIT License\n", string(text), "MIT-0"},
		"text":       {"Classifier: License :: OSI Approved :: MIT License\n", string(text), "Apache-2.0"},
		"classifier": {"Classifier: License :: OSI Approved :: MIT License\n", "", "MIT"},
		"unknown":    {"", "All rights reserved.", "see its files"},
	} {
		folder := t.TempDir()
		for file, content := range map[string]string{"METADATA": "Name: An_Example.name\nVersion: 1.2\n" + c.metadata + "\nLong.\n", "licenses/LICENSE.txt": c.license} {
			path := filepath.Join(folder, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		p, err := pythonPart(folder)
		if err != nil || p.license() != c.want || p.URL != "pkg:pypi/an-example-name@1.2" {
			t.Errorf("%s: %v %q %v, want %s", name, p.URL, p.license(), err, c.want)
		}
	}
}
