// The controls of cells in JupyterLab. Each cell that ran and has parameters gets them, above its output. A new value goes through
// JupyterLab's own connection to the kernel, whose live process of the cell runs the cell's program again; what that shows stands in
// place of the cell's output, which stays in the notebook as it is.
import { Live, View } from "./cell.js";
import { written } from "./controls.js";

const TARGET = "descent.live";
const PATIENCE = 3000; // ms without a word, after which the kernel is asked whether it is there

const unpacked = async (outputs) => {
	if (typeof outputs !== "string") return outputs ?? [];
	const bytes = Uint8Array.from(atob(outputs), (c) => c.charCodeAt(0));
	return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
};

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
	// The kernel's process ended, or does not answer any more: elsewhere, if nobody at this page asked for it.
	lose(elsewhere = false) {
		clearTimeout(this.timer);
		this.comm = null;
		this.cells.clear();
		this.elsewhere = elsewhere;
		this.changed();
		this.elsewhere = false;
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
	unpacked(outputs) {
		return unpacked(outputs);
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
				this.lose(true);
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
	const classes = {
		"image/svg+xml": "jp-RenderedSVG", "image/png": "jp-RenderedImage", "text/plain": "jp-RenderedText",
		"application/vnd.descent.film+json": "jp-RenderedSVG",
	};

	// A CellView is a View above a cell's output in one view of its notebook.
	class CellView extends Widget {
		constructor(panel, cell, live) {
			super();
			Object.assign(this, { panel, cell, live });
			const { rendermime } = panel.content;
			const render = async (kind, data, metadata) => {
				const renderer = rendermime.createRenderer(kind);
				await renderer.renderModel(rendermime.createModel({ data, metadata, trusted: true }));
				rendermime.latexTypesetter?.typeset(renderer.node); // JupyterLab does so when a renderer of its own is attached
				return { node: renderer.node, dispose: () => renderer.dispose() };
			};
			this.view = new View(this.node, live, {
				classes, render, covers: (on) => cell.toggleClass("descent-mod-live", on),
				told: ({ moved }) => (this.writeButton.disabled = !moved || live.error !== ""),
			});
			this.writeButton = this.view.button("Write into the cell", "Put these values beside the cell's %%, and run it", () => this.write());
			this.view.slides = JSON.stringify(cell.model.outputs.toJSON()).includes("data-slides"); // with a slider of their own
			const place = cell.layout.widgets.findIndex((w) => w.hasClass("jp-Cell-outputWrapper"));
			cell.layout.insertWidget(place, this);
			this.view.show();
		}
		dispose() {
			if (this.isDisposed) return;
			this.view.dispose();
			this.cell.removeClass("descent-mod-live");
			super.dispose();
		}
		// Where the controls were stands why they are gone.
		end() {
			this.view.dispose();
			this.cell.removeClass("descent-mod-live");
			this.live = undefined;
			this.node.className = "lm-Widget descent-ended";
			this.node.textContent = "The kernel does not answer, or was restarted elsewhere: run the cell again.";
			this.cell.model.stateChanged.connect((_, { name }) => name === "executionCount" && this.dispose());
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
					if (link?.elsewhere && view.live && cells.has(cell) && !cell.isDisposed) {
						view.end();
						continue;
					}
					view.dispose();
					views.delete(cell);
				}
			}
			for (const cell of cells) {
				const live = link?.cells.get(cell.model.id);
				if (live && !views.has(cell)) cell.ready.then(() => {
					if (!cell.isDisposed && !views.has(cell) && link?.cells.get(cell.model.id) === live) views.set(cell, new CellView(panel, cell, live));
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
