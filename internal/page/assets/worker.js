// The worker in which the page's program runs. It gets the program, and then requests; it sends answers, as JSON, and says when the
// program has begun and when it has ended.
"use strict";
importScripts("wasm_exec.js");

const written = ["", "", ""]; // by file descriptor
const letters = new TextDecoder();
fs.writeSync = (descriptor, bytes) => {
	written[descriptor] = (written[descriptor] + letters.decode(bytes)).slice(-1 << 20);
	return bytes.length;
};

const turn = new MessageChannel();
turn.port1.onmessage = () => self.descent.called();
self.descent = {
	ready: () => postMessage({ ready: true }),
	answer: (text) => postMessage({ answer: text }),
	soon(callback) {
		this.called = callback;
		turn.port2.postMessage(0);
	},
	printed() {
		const text = written[1];
		written[1] = "";
		return text;
	},
};

// The program as it travels is compressed by gzip. It is compiled while it arrives.
const load = async (address) => {
	const response = await fetch(address);
	if (!response.ok) throw new Error(`the program of this page cannot be loaded (${response.status})`);
	const whole = Number(response.headers.get("Content-Length"));
	let came = 0, told = 0;
	const count = new TransformStream({
		transform(part, to) {
			came += part.length;
			if (whole && performance.now() > told + 200) {
				told = performance.now();
				postMessage({ loaded: Math.min(1, came / whole) });
			}
			to.enqueue(part);
		},
	});
	const program = response.body.pipeThrough(count).pipeThrough(new DecompressionStream("gzip"));
	return WebAssembly.compileStreaming(new Response(program, { headers: { "Content-Type": "application/wasm" } }));
};

const begin = async ({ address, module }) => {
	try {
		module ??= await load(address);
		postMessage({ module });
		const go = new Go();
		go.env = { GOGC: "400", GOMEMLIMIT: "512MiB" }; // a program has 4 GB at most here, and a phone less
		await go.run(await WebAssembly.instantiate(module, go.importObject));
		postMessage({ ended: written[2] });
	} catch (error) {
		postMessage({ ended: String(error?.message ?? error) + "\n" + written[2] });
	}
};

onmessage = ({ data }) => (data.request ? self.descent.ask(data.request) : begin(data));
