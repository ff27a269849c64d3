package site

import (
	"compress/gzip"
	"net/http"
	"path"
	"strings"
)

// Handler serves a site from a folder as a web server would, texts compressed. A browser asks at each visit whether a file is still the
// same.
func Handler(folder string) http.Handler {
	files := http.FileServer(http.Dir(folder))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		packed := map[string]bool{"": true, ".html": true, ".css": true, ".js": true, ".svg": true, ".json": true}
		if packed[path.Ext(r.URL.Path)] && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && r.Header.Get("Range") == "" && r.Method == http.MethodGet {
			zipped := &gzipped{ResponseWriter: w}
			defer zipped.Close()
			w = zipped
		}
		files.ServeHTTP(w, r)
	})
}

// gzipped compresses an answer that has a body.
type gzipped struct {
	http.ResponseWriter
	to *gzip.Writer
}

func (z *gzipped) WriteHeader(status int) {
	if status == http.StatusOK {
		z.Header().Del("Content-Length")
		z.Header().Set("Content-Encoding", "gzip")
		z.Header().Set("Vary", "Accept-Encoding")
		z.to, _ = gzip.NewWriterLevel(z.ResponseWriter, gzip.BestSpeed)
	}
	z.ResponseWriter.WriteHeader(status)
}

func (z *gzipped) Write(data []byte) (int, error) {
	if z.to == nil {
		return z.ResponseWriter.Write(data)
	}
	return z.to.Write(data)
}

// Close writes what is left. It is an error when the reader has gone.
func (z *gzipped) Close() error {
	if z.to == nil {
		return nil
	}
	return z.to.Close()
}
