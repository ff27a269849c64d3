// What a reader has opened stays readable without a network: the files that all pages share, and those of each page that was visited.
// A file of LATE is stored when a page first fetches it. VERSION, PAGES and LATE stand above. A new edition of the site has another
// version, and so a store of its own.
"use strict";
const STORE = `descent ${registration.scope} ${VERSION}`;
const address = (name) => new URL(name === "index.html" ? "./" : name, registration.scope).href;

// store fetches files into the store, those that it lacks. Some servers lead from page.html to page: a browser does not take such an
// answer for a page, so a copy of it is kept.
async function store(names) {
	const cache = await caches.open(STORE);
	await Promise.all(names.map(async (name) => {
		if (await cache.match(address(name))) return;
		const answer = await fetch(address(name), { cache: "no-cache" });
		if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
		await cache.put(address(name), answer.redirected ? new Response(answer.body, { headers: answer.headers }) : answer);
	}));
}

// keep stores what belongs to a page, if it is a chapter's. What fails is tried again at the next visit.
function keep(url) {
	const page = pageOf(url);
	return page ? store(PAGES[page]).catch(() => {}) : Promise.resolve();
}

// answer is a file from the store, or from the network if the store lacks it.
async function answer(event, name) {
	const cache = await caches.open(STORE);
	const found = await cache.match(name, { ignoreSearch: true });
	if (found) return found;
	const fetched = await fetch(event.request);
	if (fetched.ok && LATE.some((late) => address(late) === name)) event.waitUntil(cache.put(name, fetched.clone()).catch(() => {}));
	return fetched;
}

const bare = (url) => new URL(url).pathname.replace(/(index)?(\.html)?$/, "");
const pageOf = (url) => Object.keys(PAGES).find((name) => name && bare(address(name)) === bare(url));

self.addEventListener("install", (event) => {
	event.waitUntil(store(PAGES[""]).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
	const old = (name) => name.startsWith(`descent ${registration.scope} `) && name !== STORE;
	event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
		.then(() => self.clients.claim())
		.then(() => self.clients.matchAll())
		.then((clients) => Promise.all(clients.map((client) => keep(client.url))))); // the page that was there before the worker
});

self.addEventListener("fetch", (event) => {
	const { request } = event;
	if (request.method !== "GET" || !request.url.startsWith(registration.scope)) return;
	let name = request.url;
	if (request.mode === "navigate") {
		event.waitUntil(keep(request.url));
		name = address(pageOf(request.url) ?? "index.html");
		if (bare(name) !== bare(request.url)) return; // not one of ours
	}
	event.respondWith(answer(event, name));
});
