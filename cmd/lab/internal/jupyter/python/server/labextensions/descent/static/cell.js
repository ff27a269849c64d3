// A cell that runs again with new values of its parameters, and its place on a page: controls, and what it shows. It knows neither
// the page nor who computes.
import { controls, label } from "./controls.js";
import { handles } from "./handles.js";
import { picture } from "./picture.js";
import { player } from "./player.js";

const FILM = "application/vnd.descent.film+json";
const INSTANT = 100e3; // µs: a cell that is quicker answers while the hand moves

// A Live is a cell that can run again: what was asked for last, and what came. The views that show the cell share it. Its link sends
// requests to where the cell runs, and unpacks the outputs that come.
export class Live {
	constructor(link, about) {
		Object.assign(this, { link, ...about, views: new Set(), base: null, outputs: null, error: "", progress: "", busy: false, tookOf: {} });
		this.own = this.values = this.of = Object.fromEntries(this.params.map((p) => [p.name, p.value]));
	}
	tell() {
		for (const view of this.views) view.show();
	}
	// Whether the outputs are those of other values, and no run is on its way. They are, after a run that was stopped.
	get outdated() {
		return !this.busy && !this.wanted && !this.held && differing(this.params, this.of, this.values).length > 0;
	}
	// A value changed: the run begins at once if it is quick, and else when the hand lets go.
	change(values, name, released) {
		this.values = values;
		this.moved = name;
		this.held = !released;
		if (!released && (this.tookOf[name] ?? this.micros) > INSTANT) return this.tell();
		this.wanted = true;
		if (!this.busy || released) this.push(released);
		this.tell();
	}
	// A run that stays comes with the numbers of its pictures.
	push(numbers = false) {
		this.wanted = false;
		this.busy = true;
		this.since = performance.now();
		this.sent = this.values;
		this.seq = this.link.send({ cell: this.id, values: this.values, numbers });
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
		Object.assign(this, { values: this.own, of: this.own, outputs: this.base, held: false, error: "", progress: "", busy: false });
		this.tell();
	}
	async take(answer) {
		if (answer.seq === undefined) { // the kernel ran it for itself
			this.micros = answer.micros;
			const outputs = await this.link.unpacked(answer.outputs);
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
			const { sent } = this;
			if (this.wanted) this.push();
			const seq = this.seq;
			if (answer.done && !answer.error) this.of = sent;
			if (answer.outputs) {
				const outputs = await this.link.unpacked(answer.outputs);
				if (seq !== this.seq && !this.busy) return;
				if (outputs?.length || !answer.error) Object.assign(this, { outputs: outputs ?? [], of: sent });
			}
		}
		this.tell();
	}
}

const differing = (params, some, others) => params.filter(({ name }) => some[name] !== others[name]);

const element = (parent, tag, properties = {}) => parent.appendChild(Object.assign(document.createElement(tag), properties));

// A View is the controls of a cell at one place of a page, and what the cell shows. It fills a node. The page gives it the classes of
// outputs by their types; render, which shows an output of another type and returns how it is disposed of; covers, which is told
// whether there are outputs; and, if it likes, cost, which says in words what a run takes, told, which hears of each change, and taken, which
// hears of each picture.
export class View {
	constructor(node, live, page) {
		Object.assign(this, { node, live, page, slots: [] });
		node.classList.add("descent-live");
		this.form = controls(live.params, (name, released) => live.change(this.form.values, name, released));
		node.append(this.form.node);
		for (const event of ["pointerenter", "focusin"]) node.addEventListener(event, () => live.link.warm(live.id), { once: true });
		this.bar = element(this.form.node, "span", { className: "descent-bar" });
		this.note = element(this.bar, "span", { className: "descent-note", ariaLive: "polite" });
		this.resetButton = this.button("Reset", "Back to the values and the output of the cell", () => live.reset());
		this.stopButton = this.button("Stop", "Stop this run", () => live.stop());
		this.trouble = element(node, "div", { className: "descent-error", role: "alert" });
		this.shown = element(node, "div", { className: "descent-shown" });
		this.settings = element(node, "div", { className: "descent-settings" }); // for paper, which has no controls
		live.views.add(this);
	}
	button(textContent, title, onclick) {
		const made = Object.assign(document.createElement("button"), { type: "button", textContent, title, onclick });
		(this.stopButton ?? this.note).before(made);
		return made;
	}
	dispose() {
		this.disposed = true;
		this.live.views.delete(this);
		clearTimeout(this.late);
	}
	get moved() {
		return differing(this.live.params, this.live.values, this.live.own).length > 0;
	}
	show() {
		const { live } = this;
		this.form.values = live.values;
		this.resetButton.disabled = !this.moved && live.outputs === live.base && !live.error;
		this.trouble.textContent = live.error;
		const long = live.busy && performance.now() - live.since > 300;
		this.stopButton.hidden = !long;
		const cost = this.page.cost?.(live) ?? (live.micros > INSTANT ? `${(live.micros / 1e6).toPrecision(2)} s, when you let go` : "");
		const hints = [live.outdated ? "The output is of other values" : "", cost].filter(Boolean);
		this.note.textContent = long ? live.progress || "computing …" : hints.join("; ");
		this.node.toggleAttribute("data-outdated", live.outdated);
		this.settings.textContent = differing(live.params, live.of, live.own).map((p) => `${label(p)}: ${live.of[p.name]}`).join("; ");
		this.node.dataset.state = live.busy || live.wanted ? "busy" : "idle";
		clearTimeout(this.late);
		if (live.busy && !long) this.late = setTimeout(() => this.show(), 310);
		this.page.covers(live.outputs !== null);
		this.page.told?.(this);
		if (live.outputs !== this.drawn) {
			this.drawn = live.outputs;
			this.drawing = (this.drawing ?? Promise.resolve()).then(() => this.draw());
		}
	}
	// Outputs of the same kind are replaced in place, so that nothing flickers.
	async draw() {
		const outputs = this.drawn ?? [];
		if (this.disposed || outputs === this.inPlace) return;
		this.inPlace = outputs;
		for (const [i, { data, metadata }] of outputs.entries()) {
			const kind = [FILM, "image/svg+xml", "image/png", "text/html", "text/markdown", "text/plain"].find((mime) => mime in data);
			if (this.slots[i]?.kind !== kind) this.put(i, { kind, node: document.createElement("div") });
			const slot = this.slots[i];
			const about = metadata?.[kind] ?? {};
			if (kind === "image/svg+xml") {
				slot.picture ??= picture(slot.node);
				slot.picture.show(data[kind], about);
				this.page.taken?.(slot, data);
				if (about.handles || slot.grip) (slot.grip ??= this.grip(slot.picture.box))(about.handles ?? []);
			} else if (kind === "image/png") {
				slot.image ??= slot.node.appendChild(new Image());
				Object.assign(slot.image, { alt: about.alt ?? "", src: `data:image/png;base64,${data[kind]}` });
				if (about.width) slot.image.width = about.width;
				this.page.taken?.(slot, data);
			} else if (kind === FILM) {
				(slot.play ??= player(slot.node))(data[FILM], about);
			} else if (kind === "text/plain") {
				const words = slot.node.firstChild ?? element(slot.node, "pre");
				words.textContent = data[kind];
				words.className = /\S {2,}\S/.test(data[kind]) ? "aligned" : ""; // words below each other
			} else {
				const { node, dispose } = await this.page.render(kind, data, metadata);
				this.put(i, { kind, node, dispose });
			}
			if (this.page.classes[kind]) slot.node.className = this.page.classes[kind];
		}
		for (const slot of this.slots.splice(outputs.length)) this.remove(slot);
	}
	grip(box) {
		return handles(box, () => this.live.values, (values, name, released) => this.live.change(values, name, released));
	}
	put(i, slot) {
		const old = this.slots[i];
		this.slots[i] = slot;
		if (old) old.node.replaceWith(slot.node);
		else this.shown.append(slot.node);
		old?.dispose?.();
	}
	remove({ node, dispose }) {
		node.remove();
		dispose?.();
	}
}
