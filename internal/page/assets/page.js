// Cells that run in the page: each gets the controls that it has in JupyterLab. Nothing runs, and no program is loaded, until a reader
// touches one of them. Until then, and without this script, what the notebook stores is shown.
import { Live, View } from "./cell.js";
import { table } from "./table.js";

const HEAVY = 5e6; // µs: a cell that takes longer runs when it is told to
const OBEDIENCE = 1500; // ms that a run which was cancelled may take, before its worker is ended
const here = new URL(".", import.meta.url);

const remembered = (name) => { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } };
const remember = (name, value) => { try { localStorage.setItem(name, JSON.stringify(value)); } catch {} };

// What cells took in this browser, in µs, by their names.
const TOOK = "descent.took";
const took = remembered(TOOK) ?? {};

// A Place is a worker with the program. It computes one thing at a time.
class Place {
	constructor() {
		Object.assign(this, { cells: new Map(), seq: 0, stopped: false, queue: [] }); // cells by the numbers of their requests; that of the newest, 0 if it was answered
		this.worker = new Worker(new URL("worker.js", here));
		this.worker.onmessage = ({ data }) => this.take(data);
		this.worker.onerror = (event) => this.end(event.message || "its worker cannot be loaded");
		this.worker.postMessage({ address: new URL(pool.program, here).href, module: pool.module });
	}
	ask(cell, seq, values, numbers) {
		if (this.seq) this.expect();
		Object.assign(this, { cell, seq, stopped: false });
		this.cells.set(seq, cell);
		this.post({ seq, values, cell: cell.name, numbers });
	}
	stop() {
		if (!this.seq) return;
		this.stopped = true;
		this.post({ seq: 0 });
		this.expect();
	}
	// What was cancelled has to end soon.
	expect() {
		if (this.ready) this.late ??= setTimeout(() => this.end(), OBEDIENCE);
	}
	obeyed() {
		clearTimeout(this.late);
		this.late = undefined;
	}
	post(request) {
		const message = { request: JSON.stringify(request) };
		if (this.ready) this.worker.postMessage(message);
		else this.queue.push(message);
	}
	take(data) {
		if (data.module) pool.module = data.module;
		else if (data.loaded) this.cells.get(this.seq)?.take({ seq: this.seq, progress: `loading the program, ${Math.round(100 * data.loaded)} %` });
		else if (data.ready) {
			this.ready = true;
			for (const message of this.queue.splice(0)) this.worker.postMessage(message);
		} else if (data.answer) this.answer(JSON.parse(data.answer));
		else if (data.ended !== undefined) this.end(data.ended.trim() || "it exited");
	}
	answer(answer) {
		const cell = this.cells.get(answer.seq);
		if (answer.done || answer.cancelled) {
			this.obeyed();
			for (const seq of this.cells.keys()) if (seq <= answer.seq) this.cells.delete(seq);
			if (this.seq === answer.seq) this.seq = 0;
		}
		if (answer.done && !this.warm) answer.micros = undefined; // the first run is the one in which the browser compiles
		this.warm ||= answer.done;
		if (answer.micros && !answer.error && cell?.usual === answer.seq) remember(TOOK, Object.assign(took, { [cell.name]: answer.micros }));
		cell?.take(answer);
	}
	// The worker ends, and with it what it computes. why is "" if it did not obey.
	end(why = "") {
		this.obeyed();
		this.worker.terminate();
		pool.places.delete(this);
		const { seq } = this;
		for (const [asked, cell] of this.cells) {
			if (why) cell.take({ seq: asked, done: true, error: `The program ended over this run: ${why.split("\n")[0]}` });
			else if (asked === seq && !this.stopped) cell.live.push(true);
			else cell.take({ seq: asked, cancelled: true });
		}
	}
}

// The pool has the places. A cell that is asked for while another runs gets one of its own.
const pool = {
	places: new Set(),
	seq: 0,
	most: Math.max(2, Math.min(3, navigator.hardwareConcurrency ?? 2)),
	place(cell) {
		const all = [...this.places];
		const found = all.find((p) => p.seq && p.cell === cell) ?? all.find((p) => !p.seq && p.cell === cell) ?? all.find((p) => !p.seq);
		if (found) return found;
		if (all.length >= this.most) {
			const oldest = all.reduce((a, b) => (a.seq < b.seq ? a : b));
			oldest.cell.live.stop();
			return oldest;
		}
		const made = new Place();
		this.places.add(made);
		return made;
	},
};

// A Cell is the link of a Live to the pool.
class Cell {
	constructor(name, about) {
		Object.assign(this, { name, micros: took[name] ?? about.micros * pace() });
		this.params = about.params ?? [];
		this.live = new Live(this, { id: name, params: this.params, micros: this.micros });
	}
	warm() {
		if (pool.places.size === 0) pool.place(this);
	}
	send({ seq, values, numbers }) {
		if (seq === 0) {
			for (const p of pool.places) if (p.cell === this) p.stop();
			return 0;
		}
		const asked = ++pool.seq;
		this.usual = counts(this.params).every(({ name, value }) => values[name] === value) && asked; // as much work as with the cell's own values
		pool.place(this).ask(this, asked, values, numbers);
		return asked;
	}
	unpacked(outputs) {
		return outputs ?? [];
	}
	take(answer) {
		this.ran ||= answer.done;
		this.live.take(answer);
	}
}

// pace is how much longer cells take here than where the page was made: the median of those that ran.
let known = {};
const pace = () => {
	const ratios = Object.entries(took).flatMap(([name, micros]) => (known[name]?.micros > 1e4 ? [micros / known[name].micros] : [])).sort((a, b) => a - b);
	return ratios[ratios.length >> 1] ?? 1;
};

// The address holds the values that are not the cells' own: ?c07.lr=0.5
const shared = (id, params, values) => Object.fromEntries(params.filter(({ name, value }) => values[name] !== value).map(({ name }) => [`${id}.${name}`, values[name]]));
const address = (id, params, values) => {
	const url = new URL(location);
	for (const { name } of params) url.searchParams.delete(`${id}.${name}`);
	for (const [name, value] of Object.entries(shared(id, params, values))) url.searchParams.set(name, value);
	url.search = url.search.replaceAll("%2C", ",").replace(/\bpresent=(?=&|$)/, "present");
	return url;
};

// locate writes the values of a cell into the address, where a browser takes some hundred changes a minute.
const moved = new Map();
const locate = (id, live) => {
	if (address(id, live.params, live.values).search === address(id, [], {}).search) return moved.delete(id);
	moved.set(id, live);
	locate.late ??= setTimeout(() => {
		locate.late = undefined;
		for (const [id, live] of moved) history.replaceState(history.state, "", address(id, live.params, live.values));
		moved.clear();
	}, 400);
};

// counts are the parameters that say how much there is to do, such as the numbers of steps, seeds, units and examples: whole numbers with
// an upper bound, but for the seed of random numbers.
const counts = (params) => params.filter(({ name, control }) => control.kind === "int" && control.hi !== undefined && name !== "seed");

// work is how many times as much there may be to do with some values as with a cell's own.
const work = (params, values) => counts(params)
	.reduce((product, { name, value }) => product * Math.max(1, number(values[name]) / Math.max(1, number(value)) || 1), 1);
const number = (text) => Number(text.replaceAll("_", ""));

const inWords = (micros) => {
	const seconds = micros / 1e6;
	if (seconds < 10) return `${seconds.toPrecision(seconds < 1 ? 1 : 2)} s`;
	return seconds < 90 ? `${Math.round(seconds / 5) * 5} s` : `${Math.round(seconds / 60)} minutes`;
};

const classes = Object.fromEntries(["image/svg+xml", "image/png", "text/plain", "text/markdown", "application/vnd.descent.film+json"].map((kind) => [kind, "output"]));

// Below a live picture are the files to take away, as below a stored one. A file is made when a reader asks for it.
const files = { SVG: "image/svg+xml", PNG: "image/png", CSV: "text/csv" };
const taken = (name) => (slot, data) => {
	slot.data = data;
	slot.links ??= Object.entries(files).map(([kind, mime]) => {
		const link = Object.assign(document.createElement("a"), { textContent: kind, href: "#", download: `${name}.${kind.toLowerCase()}` });
		link.onclick = () => {
			const content = slot.data[mime];
			const bytes = mime === "image/png" ? Uint8Array.from(atob(content), (c) => c.charCodeAt(0)) : content;
			link.href = URL.createObjectURL(new Blob([bytes], { type: mime }));
			setTimeout(() => URL.revokeObjectURL(link.href), 60e3);
		};
		return link;
	});
	if (!slot.take) slot.node.append((slot.take = Object.assign(document.createElement("div"), { className: "take" })));
	slot.take.replaceChildren(...slot.links.filter((link) => data[files[link.textContent]]));
};

const begin = (section, about) => {
	const id = section.dataset.cell;
	const node = document.createElement("div");
	section.querySelector(".descent-controls").replaceWith(node);
	if (about.why) {
		Object.assign(node, { className: "descent-why", textContent: about.why });
		return;
	}
	if (about.steered) for (const slides of section.querySelectorAll("[data-script]")) {
		delete slides.dataset.script; // it would bring a second set of sliders, and may be on its way, or be here
		slides.dataset.slides = "";
		slides.querySelector("input")?.closest("[data-slides] > div").remove();
	}
	const cell = new Cell(`${section.dataset.chapter}/${id}`, about);
	const { live } = cell;
	const stored = section.querySelector(".outputs");
	const given = new URLSearchParams(location.search);
	const asked = live.params.filter(({ name }) => given.has(`${id}.${name}`));
	// What the values of an address take is not known before they have run.
	const micros = () => live.micros * (asked.length > 0 && !cell.ran ? work(live.params, live.values) : 1);
	const heavy = () => micros() > HEAVY;
	const run = () => {
		live.moved = "";
		live.push(true);
		live.tell();
	};
	// A heavy cell waits for the button, and so does what its controls ask for.
	const change = live.change;
	live.change = function (values, name, released) {
		if (!heavy()) return change.call(this, values, name, released);
		Object.assign(this, { values, held: false });
		this.tell();
	};
	const view = new View(node, live, {
		classes,
		taken: taken(`${section.dataset.chapter}-${id}`),
		render: async (kind, data) => ({ node: table(data[kind]) }),
		covers: (on) => {
			stored.hidden = on;
			section.classList.toggle("live", on);
		},
		cost: () => (heavy() ? `takes about ${inWords(micros())} here` : live.micros > 1e5 ? `${inWords(live.micros)}, when you let go` : ""),
		told: ({ moved }) => {
			link.disabled = !moved;
			runButton.disabled = live.busy;
			locate(id, live);
		},
	});
	const runButton = view.button("Run", "Run the cell with these values", run);
	const link = view.button("Copy link", "Copy the address of this cell with these values", async () => {
		const url = address(id, live.params, live.values);
		url.hash = id;
		try {
			await navigator.clipboard.writeText(url.href);
			view.note.textContent = "copied";
		} catch {
			history.replaceState(history.state, "", url);
			view.note.textContent = "the link is in the address bar";
		}
	});
	// An address that holds values shows what they give.
	if (asked.length > 0) {
		live.values = { ...live.values, ...Object.fromEntries(asked.map(({ name }) => [name, given.get(`${id}.${name}`)])) };
		if (!heavy()) run();
	}
	view.show();
};

const response = await fetch(new URL("cells.json", here));
const { program, cells } = await response.json();
pool.program = program;
known = cells;
document.head.append(...["controls.css", "page.css"].map((name) => Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL(name, here) })));
for (const section of document.querySelectorAll("section.cell")) {
	const about = cells[`${section.dataset.chapter}/${section.dataset.cell}`];
	if (about) begin(section, about);
	else section.querySelector(".descent-controls").remove(); // it only declares
}
document.documentElement.dataset.live = "ready";
