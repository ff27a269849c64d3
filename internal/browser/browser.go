// Package browser drives a Chromium without a window, in tests of pages.
package browser

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A Browser is a Chromium without a window, spoken to through a pipe in its DevTools protocol.
type Browser struct {
	t    *testing.T
	to   io.Writer
	from *bufio.Reader
	id   int
}

// A Tab is a page of a browser.
type Tab struct {
	*Browser
	target, session string
}

// New starts Chromium. The test is skipped where there is none.
func New(t *testing.T) *Browser {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && program == "" {
			program = path
		}
	}
	if program == "" {
		t.Skip("there is no Chromium")
	}
	cmd := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir())
	in, to, err := os.Pipe()
	require.NoError(t, err)
	from, out, err := os.Pipe()
	require.NoError(t, err)
	cmd.ExtraFiles = []*os.File{in, out} // 3 and 4
	require.NoError(t, cmd.Start())
	in.Close()
	out.Close()
	b := &Browser{t: t, to: to, from: bufio.NewReader(from)}
	t.Cleanup(func() {
		b.call("", "Browser.close", nil)
		cmd.Wait()
		to.Close()
		from.Close()
	})
	return b
}

// call sends a command and returns its result.
func (b *Browser) call(session, method string, params map[string]any) map[string]any {
	b.t.Helper()
	result, refusal := b.try(session, method, params)
	require.Nil(b.t, refusal, method)
	return result
}

// try sends a command and returns its result, or what Chromium has against it.
func (b *Browser) try(session, method string, params map[string]any) (result, refusal map[string]any) {
	b.t.Helper()
	b.id++
	message := map[string]any{"id": b.id, "method": method, "params": params}
	if session != "" {
		message["sessionId"] = session
	}
	data, err := json.Marshal(message)
	require.NoError(b.t, err)
	_, err = b.to.Write(append(data, 0))
	require.NoError(b.t, err)
	for {
		data, err := b.from.ReadBytes(0)
		require.NoError(b.t, err, "Chromium ended")
		var answer struct {
			ID            int
			Result, Error map[string]any
		}
		require.NoError(b.t, json.Unmarshal(data[:len(data)-1], &answer))
		if answer.ID == b.id {
			return answer.Result, answer.Error
		}
	}
}

// Hand is a script for pages with sliders: pull moves one, as a hand that stays on it does, and release lets go; drawn tells of each new
// picture below a node. With drags, which moves one from place to place, it takes the milliseconds from each move to the next picture
// below a node, the shortest first.
const Hand = `
window.pull = (slider, place) => {
	slider.value = place;
	slider.dispatchEvent(new Event("input", { bubbles: true }));
};
window.release = (slider) => slider.dispatchEvent(new Event("change", { bubbles: true }));
window.drawn = (node, then) => {
	const watch = new MutationObserver(then);
	for (const picture of node.querySelectorAll(".descent-svg")) watch.observe(picture, { attributes: true }); // each gets its words, also when it is as it was
	return watch;
};
window.drags = async (node, slider, places, idle) => {
	const took = [];
	for (const place of places) {
		const began = performance.now();
		const shown = new Promise((next) => { // to look again and again would take a processor
			const watch = drawn(node, () => next(watch.disconnect()));
			setTimeout(next, 5000);
		}).then(() => performance.now());
		pull(slider, place);
		if (idle()) release(slider); // a cell that is slow on a busy machine answers on release
		took.push((await shown) - began);
		while (!idle()) await new Promise((next) => setTimeout(next, 5));
	}
	return took.sort((a, b) => a - b);
};
`

// Open opens a page after the script has run in it.
func (b *Browser) Open(address, script string) *Tab {
	b.t.Helper()
	p := &Tab{Browser: b, target: b.call("", "Target.createTarget", map[string]any{"url": "about:blank"})["targetId"].(string)}
	p.session = b.call("", "Target.attachToTarget", map[string]any{"targetId": p.target, "flatten": true})["sessionId"].(string)
	p.call(p.session, "Page.enable", nil)
	p.call(p.session, "Security.setIgnoreCertificateErrors", map[string]any{"ignore": true}) // of a server in a test
	p.call(p.session, "Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": script})
	p.call(p.session, "Page.navigate", map[string]any{"url": address})
	return p
}

// Eval evaluates JavaScript in the page.
func (p *Tab) Eval(script string) any {
	p.t.Helper()
	value, refusal := p.evaluate(script)
	require.Nil(p.t, refusal, script)
	return value
}

func (p *Tab) evaluate(script string) (value any, refusal map[string]any) {
	p.t.Helper()
	result, refusal := p.try(p.session, "Runtime.evaluate", map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true})
	if refusal != nil {
		return nil, refusal
	}
	require.NotContains(p.t, result, "exceptionDetails", script)
	return result["result"].(map[string]any)["value"], nil
}

// Until waits until the script is true in the page, or in a page that it leads to. A script has no answer if the page is left during its
// evaluation.
func (p *Tab) Until(script string) {
	p.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		value, refusal := p.evaluate(script)
		if value == true {
			return
		}
		require.True(p.t, time.Now().Before(deadline), "%s: %v", script, refusal)
		time.Sleep(50 * time.Millisecond)
	}
}

// Look sets the size of the page and what its style sheets ask for: the medium, screen or print, and the scheme of colors, light or dark.
func (p *Tab) Look(width, height int, medium, scheme string) {
	p.t.Helper()
	p.call(p.session, "Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false})
	p.call(p.session, "Emulation.setEmulatedMedia", map[string]any{"media": medium,
		"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}})
}

// Press presses a key and lets it go. The key has the name that a page reads, such as ArrowRight.
func (p *Tab) Press(key string) {
	p.t.Helper()
	p.stroke(map[string]any{"key": key})
}

// Enter types text into the field that has the focus, in place of its own, and then Enter.
func (p *Tab) Enter(text string) {
	p.t.Helper()
	p.Eval(`document.activeElement.select()`)
	p.call(p.session, "Input.insertText", map[string]any{"text": text})
	for _, kind := range []string{"keyDown", "keyUp"} {
		p.call(p.session, "Input.dispatchKeyEvent", map[string]any{"type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"})
	}
}

// stroke presses a key and lets it go.
func (p *Tab) stroke(key map[string]any) {
	p.t.Helper()
	for _, kind := range []string{"rawKeyDown", "keyUp"} {
		key["type"] = kind
		p.call(p.session, "Input.dispatchKeyEvent", key)
	}
}

// Write types at the end of the first editor.
func (p *Tab) Write(text string) {
	p.t.Helper()
	const editor = `[...document.querySelectorAll(".cm-content")].find((e) => e.checkVisibility())`
	p.Until(editor + ` !== undefined && document.activeElement !== (` + editor + `.focus(), null)`)
	p.call(p.session, "Input.insertText", map[string]any{"text": text})
}

// Run runs a notebook's k-th code cell.
func (p *Tab) Run(k int) {
	p.t.Helper()
	p.Until(fmt.Sprintf(`(() => {
		const editor = document.querySelectorAll(".jp-CodeCell")[%d]?.querySelector(".cm-content");
		editor?.focus();
		return editor && document.activeElement === editor;
	})()`, k))
	p.stroke(map[string]any{"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "modifiers": 2}) // with Ctrl
}
