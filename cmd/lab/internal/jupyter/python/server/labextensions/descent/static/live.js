// The controls of cells in JupyterLab. Each cell that ran and has parameters gets them, above its output. A new value goes through
// JupyterLab's own connection to the kernel, whose live process of the cell runs the cell's program again; what that shows stands in
// place of the cell's output, which stays in the notebook as it is.
import { controls, written } from "./controls.js";
import { handles } from "./handles.js";
import { player } from "./player.js";

const TARGET = "descent.live";
const FILM = "application/vnd.descent.film+json";
const INSTANT = 100e3; // µs: a cell that is quicker answers while the hand moves
const PATIENCE = 3000; // ms without a word, after which the kernel is asked whether it is there

const unpacked = async (text) => {
	const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
	return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
};

// A Live is a cell in a kernel: what was asked for last, and what came. The views that show the cell share it.
class Live {
	constructor(link, about) {
		Object.assign(this, { link, ...about, views: new Set(), base: null, outputs: null, error: "", progress: "", busy: false, tookOf: {} });
		this.own = this.values = Object.fromEntries(this.params.map((p) => [p.name, p.value]));
	}
	tell() {
		for (const view of this.views) view.show();
	}
	// A value changed: the run begins at once if it is quick, and else when the hand lets go.
	change(values, name, released) {
		this.values = values;
		this.moved = name;
		if (!released && (this.tookOf[name] ?? this.micros) > INSTANT) return this.tell();
		this.wanted = true;
		if (!this.busy || released) this.push();
		this.tell();
	}
	push() {
		this.wanted = false;
		this.busy = true;
		this.since = performance.now();
		this.seq = this.link.send({ cell: this.id, values: this.values });
		this.asked = this.moved;
	}
	// Outputs that can be dragged, or that take the place of pictures drawn beforehand, are shown before anybody moves a control.
	replaces(outputs) {
		return outputs.some((o) => Object.values(o.metadata ?? {}).some((about) => about?.handles)) || [...this.views].some((view) => view.slides);
	}
	stop() {
		this.wanted = false;
		if (this.busy) this.link.send({ cell: this.id, seq: 0 });
	}
	reset() {
		this.stop();
		this.seq = 0; // what still comes is not wanted
		Object.assign(this, { values: this.own, outputs: this.base, error: "", progress: "", busy: false });
		this.tell();
	}
	async take(answer) {
		if (answer.seq === undefined) { // the kernel ran it for itself
			this.micros = answer.micros;
			const outputs = await unpacked(answer.outputs);
			if (this.outputs || this.busy || !this.replaces(outputs)) return;
			this.outputs = this.base = outputs;
			return this.tell();
		}
		if (answer.seq !== this.seq) return; // of an older request
		this.progress = answer.progress ?? "";
		if (answer.done || answer.cancelled) {
			this.busy = false;
			if (answer.micros) this.micros = this.tookOf[this.asked] = answer.micros;
			if (answer.done) this.error = answer.error ?? "";
			if (this.wanted) this.push();
			const seq = this.seq;
			if (answer.outputs) {
				const outputs = await unpacked(answer.outputs);
				if (seq !== this.seq && !this.busy) return;
				if (outputs?.length || !answer.error) this.outputs = outputs ?? [];
			}
		}
		this.tell();
	}
}

// A Link is the conversation with one kernel.
class Link {
	constructor(kernel) {
		Object.assign(this, { kernel, cells: new Map(), seq: 0, listeners: new Set() });
		kernel.statusChanged.connect((_, status) => {
			if (status === "restarting" || status === "autorestarting" || status === "dead") this.lose();
			else if (!this.comm && (status === "idle" || status === "busy")) this.open();
		});
		kernel.connectionStatusChanged.connect((_, status) => status === "connected" && this.open());
		this.open();
	}
	lose() {
		clearTimeout(this.timer);
		this.comm = null;
		this.cells.clear();
		this.changed();
	}
	open() {
		if (this.kernel.isDisposed || this.kernel.connectionStatus !== "connected") return;
		const comm = (this.comm = this.kernel.createComm(TARGET));
		comm.onMsg = (message) => this.comm === comm && this.take(message.content.data);
		comm.open({}).dispose();
	}
	send(request) {
		const seq = request.seq ?? ++this.seq;
		if (!this.comm) return seq;
		this.comm.send({ ...request, seq }).dispose();
		this.watch();
		return seq;
	}
	warm(cell) {
		this.comm?.send({ cell, warm: true }).dispose();
	}
	// A kernel that another page restarted says nothing: it is asked, and then everything begins anew.
	watch() {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => {
			if (!this.comm) return;
			this.comm.send({}).dispose();
			this.timer = setTimeout(() => {
				this.lose();
				this.open();
			}, PATIENCE);
		}, PATIENCE);
	}
	take(data) {
		clearTimeout(this.timer);
		for (const about of data.cells ?? []) this.cells.set(about.id, new Live(this, about));
		const cell = this.cells.get(data.cell);
		if (data.gone) this.cells.delete(data.cell);
		if (data.cells || (data.gone && cell)) this.changed();
		else cell?.take(data);
		if ([...this.cells.values()].some((c) => c.busy)) this.watch();
	}
	changed() {
		for (const listener of this.listeners) listener();
	}
}

const links = new WeakMap();
const linkTo = (kernel) => {
	if (!links.has(kernel)) links.set(kernel, new Link(kernel));
	return links.get(kernel);
};

export const activate = async (app, tracker, use) => {
	const [{ Widget }, { CodeCell }] = await Promise.all([use("@lumino/widgets"), use("@jupyterlab/cells")]);
	document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("controls.css", import.meta.url) }));
	const element = (parent, tag, properties = {}) => parent.appendChild(Object.assign(document.createElement(tag), properties));

	// A View is the controls of a cell in one view of its notebook, and what it shows.
	class View extends Widget {
		constructor(panel, cell, live) {
			super();
			Object.assign(this, { panel, cell, live, slots: [] });
			this.addClass("descent-live");
			this.form = controls(live.params, (name, released) => live.change(this.form.values, name, released));
			this.node.append(this.form.node);
			this.node.addEventListener("pointerenter", () => live.link.warm(live.id), { once: true });
			this.node.addEventListener("focusin", () => live.link.warm(live.id), { once: true });
			const bar = element(this.form.node, "span", { className: "descent-bar" });
			const button = (textContent, title, onclick) => element(bar, "button", { type: "button", textContent, title, onclick });
			this.resetButton = button("Reset", "Back to the values and the output of the cell", () => live.reset());
			this.writeButton = button("Write into the cell", "Put these values beside the cell's %%, and run it", () => this.write());
			this.stopButton = button("Stop", "Stop this run", () => live.stop());
			this.note = element(bar, "span", { className: "descent-note", ariaLive: "polite" });
			this.trouble = element(this.node, "div", { className: "descent-error", role: "alert" });
			this.shown = element(this.node, "div", { className: "descent-shown" });
			this.slides = JSON.stringify(cell.model.outputs.toJSON()).includes("data-slides"); // with a slider of their own
			live.views.add(this);
			const place = cell.layout.widgets.findIndex((w) => w.hasClass("jp-Cell-outputWrapper"));
			cell.layout.insertWidget(place, this);
			this.show();
		}
		dispose() {
			if (this.isDisposed) return;
			this.live.views.delete(this);
			this.cell.removeClass("descent-mod-live");
			clearTimeout(this.late);
			super.dispose();
		}
		show() {
			const { live } = this;
			this.form.values = live.values;
			const moved = Object.entries(live.values).some(([name, value]) => value !== live.own[name]);
			this.resetButton.disabled = !moved && live.outputs === live.base && !live.error;
			this.writeButton.disabled = !moved || live.error !== "";
			this.trouble.textContent = live.error;
			const long = live.busy && performance.now() - live.since > 300;
			this.stopButton.hidden = !long;
			this.note.textContent = long ? live.progress || "computing …" : live.micros > INSTANT ? `${(live.micros / 1e6).toPrecision(2)} s, when you let go` : "";
			this.node.dataset.state = live.busy || live.wanted ? "busy" : "idle";
			clearTimeout(this.late);
			if (live.busy && !long) this.late = setTimeout(() => this.show(), 310);
			this.cell.toggleClass("descent-mod-live", live.outputs !== null);
			if (live.outputs !== this.drawn) {
				this.drawn = live.outputs;
				this.drawing = (this.drawing ?? Promise.resolve()).then(() => this.draw());
			}
		}
		// Outputs of the same kind are replaced in place, so that nothing flickers.
		async draw() {
			const outputs = this.drawn ?? [];
			if (this.isDisposed || outputs === this.inPlace) return;
			this.inPlace = outputs;
			for (const [i, { data, metadata }] of outputs.entries()) {
				const kind = [FILM, "image/svg+xml", "image/png", "text/html", "text/markdown", "text/plain"].find((mime) => mime in data);
				if (this.slots[i]?.kind !== kind) this.put(i, kind, document.createElement("div"));
				const { node } = this.slots[i];
				if (kind === "image/svg+xml" || kind === "image/png") {
					node.className = kind === "image/png" ? "jp-RenderedImage" : "jp-RenderedSVG";
					const image = node.querySelector("img") ?? node.appendChild(new Image());
					const { alt = "", width, handles: points = [] } = metadata?.[kind] ?? {};
					Object.assign(image, { alt, src: kind === "image/png" ? `data:image/png;base64,${data[kind]}` : `data:image/svg+xml,${encodeURIComponent(data[kind])}` });
					if (width) image.width = width;
					if (points.length) (this.slots[i].grip ??= this.grip(node, image))(points);
				} else if (kind === FILM) {
					node.className = "jp-RenderedSVG";
					(this.slots[i].play ??= player(node, data["text/plain"], metadata?.[FILM] ?? {}))(data[FILM]);
				} else if (kind === "text/plain") {
					node.className = "jp-RenderedText";
					(node.firstChild ?? node.appendChild(document.createElement("pre"))).textContent = data[kind];
				} else {
					const { rendermime } = this.panel.content;
					const renderer = rendermime.createRenderer(kind);
					await renderer.renderModel(rendermime.createModel({ data, metadata, trusted: true }));
					this.put(i, kind, renderer.node, renderer);
				}
			}
			for (const slot of this.slots.splice(outputs.length)) this.remove(slot);
		}
		grip(node, image) {
			const box = node.appendChild(Object.assign(document.createElement("span"), { className: "descent-grip" }));
			box.append(image);
			return handles(box, () => this.live.values, (values, name, released) => this.live.change(values, name, released));
		}
		put(i, kind, node, renderer) {
			const old = this.slots[i];
			this.slots[i] = { kind, node, renderer };
			if (old) old.node.replaceWith(node);
			else this.shown.append(node);
			old?.renderer?.dispose();
		}
		remove({ node, renderer }) {
			node.remove();
			renderer?.dispose();
		}
		async write() {
			const { live, cell, panel } = this;
			cell.model.sharedModel.setSource(written(cell.model.sharedModel.getSource(), live.params, live.values));
			await CodeCell.execute(cell, panel.sessionContext, {});
		}
	}

	const follow = (panel) => {
		const views = new Map(); // of cells
		let link = null;
		const look = () => {
			if (panel.isDisposed) return;
			const cells = new Set(panel.content.widgets);
			for (const [cell, view] of views) {
				if (!cells.has(cell) || cell.isDisposed || view.live !== link?.cells.get(cell.model.id)) {
					view.dispose();
					views.delete(cell);
				}
			}
			for (const cell of cells) {
				const live = link?.cells.get(cell.model.id);
				if (live && !views.has(cell)) cell.ready.then(() => {
					if (!cell.isDisposed && !views.has(cell) && link?.cells.get(cell.model.id) === live) views.set(cell, new View(panel, cell, live));
				});
			}
		};
		const connect = () => {
			const kernel = panel.sessionContext.session?.kernel;
			link?.listeners.delete(look);
			link = kernel ? linkTo(kernel) : null;
			link?.listeners.add(look);
			look();
		};
		panel.sessionContext.kernelChanged.connect(connect);
		panel.content.modelContentChanged?.connect(look);
		panel.disposed.connect(() => link?.listeners.delete(look));
		connect();
	};
	tracker.forEach(follow);
	tracker.widgetAdded.connect((_, panel) => follow(panel));
};
