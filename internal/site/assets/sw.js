// What a reader has opened stays readable without a network: the files that all pages share, and those of each page that was visited.
// VERSION and PAGES stand above. A new edition of the site has another version, and so a store of its own.
"use strict";
const STORE = `descent ${registration.scope} ${VERSION}`;
const address = (name) => new URL(name || "index.html", registration.scope).href;

self.addEventListener("install", (event) => {
	event.waitUntil(caches.open(STORE).then((store) => store.addAll(PAGES[""].map(address))).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
	const old = (name) => name.startsWith(`descent ${registration.scope} `) && name !== STORE;
	event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
		.then(() => self.clients.claim())
		.then(() => self.clients.matchAll())
		.then((clients) => Promise.all(clients.map((client) => keep(client.url))))); // the page that was there before the worker
});

// keep stores what belongs to a page, if it is a chapter's.
async function keep(url) {
	const { pathname } = new URL(url);
	const page = Object.keys(PAGES).find((name) => name && pathname === new URL(address(name)).pathname);
	if (!page) return;
	const store = await caches.open(STORE);
	for (const name of PAGES[page]) {
		if (!await store.match(address(name))) await store.add(address(name)).catch(() => {}); // again at the next visit
	}
}

self.addEventListener("fetch", (event) => {
	const { request } = event;
	const url = new URL(request.url);
	if (request.method !== "GET" || url.origin !== location.origin || !url.href.startsWith(registration.scope)) return;
	url.search = url.hash = "";
	if (url.href === registration.scope) url.pathname += "index.html";
	if (request.mode === "navigate") event.waitUntil(keep(url.href));
	event.respondWith(caches.open(STORE).then((store) => store.match(url.href)).then((found) => found ?? fetch(request)));
});
