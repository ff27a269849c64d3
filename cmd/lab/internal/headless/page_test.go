package headless

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/setuptest"
	"github.com/stretchr/testify/require"
)

// An exported page asks for no other file, holds what sets its formulas, and shows HTML in a table as the text that it is.
func TestPageStandsAlone(t *testing.T) {
	path := setuptest.Notebook(t, "%%\n"+`lab.Table([]string{"rate $\\eta$", "text"}, [][]string{{"1", "<script>broken()</script><img src=x onerror=broken()>"}})`,
		"%%\n"+`gonbui.DisplayMarkdown("*raw* <script>broken()</script>\n\n<script>broken()</script>\n\n[link](javascript:broken())")`)
	result, err := Run(t.Context(), setuptest.Ready(t), path, Options{HTML: true, Output: t.TempDir(), Timeout: 2 * time.Minute}, func(int, int) {})
	require.NoError(t, err)
	data, err := os.ReadFile(result.HTML)
	require.NoError(t, err)
	scripts := regexp.MustCompile(`(?s)<script([^>]*)>(.*?)</script>`)
	mathjax := false
	for _, s := range scripts.FindAllStringSubmatch(string(data), -1) {
		require.NotContains(t, s[1], "src")
		mathjax = mathjax || strings.Contains(s[2], "MathJax") && len(s[2]) > 1_000_000
	}
	require.True(t, mathjax)
	rest := scripts.ReplaceAllString(string(data), "")
	require.NotRegexp(t, `<(?i:link|iframe|object|embed)\b`, rest)
	require.NotRegexp(t, `<[^>]+\bsrc="[^d]`, rest, "pictures are data")
	require.NotRegexp(t, `(?i)(@import|url\()\s*["']?https?:`, rest)
	require.Contains(t, rest, `$\eta$`)
	require.Contains(t, rest, "<td style=\"text-align:left\">&lt;script&gt;broken()&lt;/script&gt;&lt;img src=x onerror=broken()&gt;</td>")
	require.Contains(t, rest, "<em>raw</em> &lt;script&gt;broken()&lt;/script&gt;")
	require.NotRegexp(t, `<[^>]*broken`, rest)
}
