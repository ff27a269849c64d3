// What the lab adds to JupyterLab, as a container of module federation written by hand: it needs no build.
(() => {
	let shared;
	const here = document.currentScript.src;
	const use = async (name) => (await Object.values(shared[name])[0].get())();

	// The page tells the server which documents hold unsaved edits, again each second, and saves them when the lab is about
	// to close.
	const watchEdits = async (app, documents) => {
		app.restored.then(() => innerWidth < 800 && app.shell.collapseLeft()); // the file browser would leave a phone no room
		const { ServerConnection } = await use("@jupyterlab/services");
		const { Notification } = await use("@jupyterlab/apputils");
		const settings = app.serviceManager.serverSettings;
		const page = crypto.getRandomValues(new Uint32Array(2)).join("-");
		// What JupyterLab drops when it has asked about a file that changed is kept beside the file: the page's version, mine, or
		// the disk's.
		const keep = async (context, mine) => {
			const { hash, last_modified } = context.contentsModel ?? {}; // of the version that the page knows
			const request = { method: "POST", body: JSON.stringify({ path: context.path, hash, last_modified, mine }) };
			const reply = await ServerConnection.makeRequest(`${settings.baseUrl}descent/keep`, request, settings);
			if (!reply.ok) throw await ServerConnection.ResponseError.create(reply);
			const { kept } = await reply.json();
			if (kept) Notification.info(`The other version of ${context.path} is kept as ${kept}.`, { autoClose: false });
		};
		const contents = app.serviceManager.contents;
		const save = contents.save.bind(contents);
		contents.save = async (path, options) => {
			for (const context of contexts())
				if (saving.get(context) && context.path === path) await keep(context);
			return save(path, options);
		};
		const saving = new WeakMap(), followed = new WeakSet(); // how many saves are under way: one may wait for an answer, and others fail
		const follow = (context) => {
			if (followed.has(context)) return;
			followed.add(context);
			let changed = false; // since the last save began
			const revert = context.revert.bind(context), write = context.save.bind(context);
			context.revert = async () => {
				if (context.model.dirty) await keep(context, context._createSaveOptions());
				await revert();
				changed = false;
			};
			context.save = async () => {
				saving.set(context, (saving.get(context) ?? 0) + 1);
				return write().finally(() => saving.set(context, saving.get(context) - 1));
			};
			// At the end of a save JupyterLab takes the document for saved, also what was changed after the save had begun.
			context.model.contentChanged.connect(() => (changed = true));
			context.saveState.connect((_, state) => {
				if (state === "started" && saving.get(context) > 1) return; // the other one took what it saves before
				if (state === "started") queueMicrotask(() => (changed = false)); // by then it has taken what it saves
				else if ((changed || state === "failed") && !context.isDisposed) context.model.dirty = true;
			});
		};
		const contexts = () => {
			const all = new Set();
			for (const widget of app.shell.widgets("main")) {
				const context = documents.contextForWidget(widget);
				if (context?.model) all.add(context);
			}
			all.forEach(follow);
			return [...all];
		};
		const dirty = () => contexts().filter((context) => context.model.dirty);
		let told = "[]", when = 0;
		const tell = async (files) => {
			const now = JSON.stringify(files);
			if (now === told && (now === "[]" || performance.now() < when + 1000)) return false;
			[told, when] = [now, performance.now()];
			const request = { method: "POST", body: JSON.stringify({ page, files }), keepalive: true };
			const reply = await ServerConnection.makeRequest(`${settings.baseUrl}descent/unsaved`, request, settings);
			return reply.ok && (await reply.json()).save;
		};
		const paths = (contexts) => contexts.map((context) => context.path);
		// JupyterLab waits ten times as long for its next save as the last one took, and counts the time that a person took to answer
		// its question about a file that changed on the disk. What stays unsaved for longer than it usually waits is saved here.
		const patience = 8000, since = new Map();
		const saveOverdue = (now) => {
			for (const context of since.keys()) if (!now.includes(context)) since.delete(context);
			for (const context of now) {
				if (!since.has(context)) since.set(context, performance.now());
				const asked = document.querySelector(".jp-Dialog") || context.contentsModel?.writable === false;
				if (asked || performance.now() < since.get(context) + patience) continue;
				since.set(context, performance.now());
				context.save().catch(() => {}); // JupyterLab has said why
			}
		};
		const look = async () => {
			const now = dirty();
			saveOverdue(now);
			try {
				if (await tell(paths(now))) {
					await Promise.all(now.map((context) => context.save()));
					await tell(paths(dirty()));
				}
			} catch {} // the server is gone, and JupyterLab says so
		};
		setInterval(look, 200);
		for (const leave of ["blur", "visibilitychange"]) addEventListener(leave, look); // timers are slow in the background
		addEventListener("pagehide", () => tell([]));
	};

	// A page that stayed open while the lab was closed goes on when it is opened again: without the server's complaint, and
	// with a kernel for each notebook that had one.
	const reconnect = async (app) => {
		const { Dialog } = await use("@jupyterlab/apputils");
		const settings = app.serviceManager.serverSettings;
		let lost = false;
		app.serviceManager.connectionFailure.connect(() => (lost = true));
		setInterval(async () => {
			if (!lost) return;
			try {
				if (!(await fetch(`${settings.baseUrl}api`)).ok) return;
			} catch {
				return; // the server is still gone
			}
			lost = false;
			Dialog.flush();
			for (const widget of app.shell.widgets("main")) {
				const context = widget.sessionContext;
				if (context && !context.session?.kernel) context.changeKernel({ name: context.kernelPreference?.name ?? "descent" });
			}
		}, 1000);
	};

	(window._JUPYTERLAB ||= {}).descent = {
		init: (scope) => {
			shared = scope;
		},
		get: async (module) => {
			if (module !== "./extension") throw new Error(`there is no module ${module}`);
			const { IDocumentManager } = await use("@jupyterlab/docmanager");
			const { INotebookTracker } = await use("@jupyterlab/notebook");
			const plugins = [
				{ id: "descent:unsaved", autoStart: true, requires: [IDocumentManager], activate: (app, documents) => {
					watchEdits(app, documents);
					reconnect(app);
				} },
				{ id: "descent:live", autoStart: true, requires: [INotebookTracker], activate: async (app, tracker) => {
					const { activate } = await import(new URL("live.js", here));
					await activate(app, tracker, use);
				} },
			];
			return () => ({ __esModule: true, default: plugins });
		},
	};
})();
