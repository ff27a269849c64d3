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
		"declared":    {"License-Expression: MIT-0\nClassifier: License :: OSI Approved :: MIT License\n", string(text), "MIT-0"},
		"text":        {"Classifier: License :: OSI Approved :: MIT License\n", string(text), "Apache-2.0"},
		"older field": {"License: Apache-2.0\n", "", "Apache-2.0"},
		"free text":   {"License: our own, see the site\n", "", "see its files"},
		"classifier":  {"Classifier: License :: OSI Approved :: MIT License\n", "", "MIT"},
		"unknown":     {"", "All rights reserved.", "see its files"},
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

// What pip put into an environment and what it put into a folder of its own, as the plugin for CUDA, are both found.
func TestPackagesAreFound(t *testing.T) {
	for _, below := range []string{"lib/python3.13/site-packages", "."} {
		python := t.TempDir()
		folder := filepath.Join(python, below, "an_example-1.2.dist-info")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "METADATA"), []byte("Name: an-example\nVersion: 1.2\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		parts, err := inventory("", python, "", "", nil)
		if err != nil || len(parts) != 1 || parts[0].Name != "an-example" {
			t.Errorf("%s: %v, %v", below, parts, err)
		}
	}
	if _, err := inventory("", t.TempDir(), "", "", nil); err == nil {
		t.Error("a folder without packages is no error")
	}
}

// A package of npm is found by its package.json, which says its license, but not in what the lab made, nor is one of the lab's own.
func TestVendoredPackagesAreFound(t *testing.T) {
	module := t.TempDir()
	for file, content := range map[string]string{
		"internal/x/package.json": `{"name": "@an/example", "version": "1.2", "license": "OFL-1.1"}`, "internal/x/LICENSE": "SIL",
		".lab/x/package.json": `{"name": "other"}`, ".lab/x/LICENSE": "MIT", "work/x/package.json": `{"name": "other"}`, "work/x/LICENSE": "MIT",
		"cmd/x/package.json": `{"name": "ours"}`,
	} {
		path := filepath.Join(module, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	parts, err := npmParts(module, false)
	if err != nil || len(parts) != 1 || parts[0].URL != "pkg:npm/@an/example@1.2" || parts[0].license() != "OFL-1.1" {
		t.Errorf("%v, %v", parts, err)
	}

	// In node_modules a license beside it is not needed.
	installed := filepath.Join(module, "node_modules")
	if err := os.MkdirAll(filepath.Join(installed, "y", "lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string]string{"package.json": `{"name": "y", "version": "3.0", "license": "MIT"}`, "lib/package.json": `{"type": "module"}`} {
		if err := os.WriteFile(filepath.Join(installed, "y", file), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if parts, err = npmParts(installed, true); err != nil || len(parts) != 1 || parts[0].URL != "pkg:npm/y@3.0" || parts[0].license() != "MIT" {
		t.Errorf("%v, %v", parts, err)
	}
}
