// What a page of the lecture does beside being read: its theme, sliders of stored pictures, the presenter's mode, paper, and reading
// without a network. Without this script all of the text and the pictures is there.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
	const root = document.documentElement;
	const all = (of, within = document) => [...within.querySelectorAll(of)];
	const remember = (name, value) => { try { value ? localStorage.setItem(name, value) : localStorage.removeItem(name); } catch {} };

	// The theme: the system's until a person chooses one.
	const themes = { "": "Auto", light: "Light", dark: "Dark" };
	for (const button of all('[data-do="theme"]')) {
		const show = () => {
			button.textContent = themes[root.dataset.theme] ?? "Auto";
			button.ariaLabel = `Colors: ${button.textContent}`;
		};
		button.onclick = () => {
			const names = Object.keys(themes);
			root.dataset.theme = names[(names.indexOf(root.dataset.theme ?? "") + 1) % names.length];
			remember("descent.theme", root.dataset.theme);
			show();
		};
		button.hidden = false;
		show();
	}

	// Slides come when a reader is near them.
	const near = new IntersectionObserver((entries) => {
		for (const { isIntersecting, target } of entries) {
			if (!isIntersecting) continue;
			near.unobserve(target);
			if (target.dataset.script) document.head.append(Object.assign(document.createElement("script"), { src: target.dataset.script }));
		}
	}, { rootMargin: "600px" });
	all("[data-script]").forEach((box) => near.observe(box));

	// What scrolls sideways can be reached by the keyboard.
	const scrolls = new ResizeObserver((entries) => {
		for (const { target } of entries) {
			if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
			else target.removeAttribute("tabindex");
		}
	});
	all(".scroll, pre, .katex-display").forEach((box) => scrolls.observe(box));

	// The table of contents shows where the reader is, and is folded where it would stand above the text.
	const contents = document.querySelector(".contents details");
	if (contents && matchMedia("(max-width: 67.99rem)").matches) contents.open = false;
	const links = new Map(all(".contents a").map((a) => [decodeURIComponent(a.hash.slice(1)), a]));
	const titles = all("main :is(h2, h3)").filter((h) => links.has(h.id));
	const follow = () => {
		const here = titles.findLast((h) => h.getBoundingClientRect().top < innerHeight / 3);
		for (const [id, a] of links) {
			if (id === here?.id) a.ariaCurrent = "true";
			else a.removeAttribute("aria-current");
		}
	};
	addEventListener("scroll", () => requestAnimationFrame(follow), { passive: true });
	follow();

	// Paper has the answers open.
	let folded = [];
	addEventListener("beforeprint", () => {
		folded = all("section.text details:not([open])");
		folded.forEach((d) => { d.open = true; });
	});
	addEventListener("afterprint", () => folded.forEach((d) => { d.open = false; }));

	present(root, all);

	if ("serviceWorker" in navigator && location.protocol.startsWith("http") && document.querySelector('link[href="assets/site.css"]')) {
		// A new edition takes the place of the one that was kept, at once if the reader has only just come.
		const kept = navigator.serviceWorker.controller;
		navigator.serviceWorker.addEventListener("controllerchange", () => { if (kept && performance.now() < 5000) location.reload(); });
		navigator.serviceWorker.register("sw.js").catch(() => {}); // then the page needs the network
	}
});

// The presenter's mode: a section at a time. ?present in the address begins it, # says where it is.
function present(root, all) {
	const parts = all("main > section");
	const place = document.querySelector(".place");
	if (!place || parts.length === 0) return;
	const part = (hash) => document.getElementById(decodeURIComponent(hash.slice(1)))?.closest("main > section");
	const onScreen = () => parts.findLast((s) => s.getBoundingClientRect().top < innerHeight / 2) ?? parts[0];
	let now = -1;
	const address = (on, id) => {
		const url = new URL(location);
		if (on) url.searchParams.set("present", "");
		else url.searchParams.delete("present");
		url.search = url.search.replace("present=", "present");
		url.hash = id;
		history.replaceState(history.state, "", url);
	};
	const show = (i) => {
		if (i < 0 || i >= parts.length) return;
		parts[now]?.classList.remove("now");
		now = i;
		parts[now].classList.add("now");
		parts[now].scrollTop = 0;
		const code = parts[now].querySelector("details.code");
		if (code && !parts[now].querySelector(".output, .descent-control")) code.open = true; // else there would be nothing to see
		place.textContent = `${now + 1} / ${parts.length}`;
		address(true, parts[now].id);
		dispatchEvent(new Event("resize")); // for controls that measure their width
	};
	const begin = () => {
		const first = part(location.hash) ?? onScreen();
		root.classList.add("presenting");
		show(parts.indexOf(first));
		document.querySelector("main").focus({ preventScroll: true });
	};
	const end = () => {
		const last = parts[now];
		root.classList.remove("presenting");
		last.classList.remove("now");
		now = -1;
		address(false, last.id);
		last.scrollIntoView({ behavior: "instant" });
	};
	// Forward goes down a section that is longer than the screen before it goes on.
	const forward = () => {
		const s = parts[now];
		if (s.scrollTop + s.clientHeight < s.scrollHeight - 4) s.scrollBy({ top: s.clientHeight * 0.85, behavior: "instant" });
		else show(now + 1);
	};
	const back = () => {
		const s = parts[now];
		if (s.scrollTop > 4) s.scrollBy({ top: -s.clientHeight * 0.85, behavior: "instant" });
		else show(now - 1);
	};
	const keys = {
		ArrowRight: () => show(now + 1), ArrowLeft: () => show(now - 1), ArrowDown: forward, ArrowUp: back,
		PageDown: forward, PageUp: back, " ": forward, Home: () => show(0), End: () => show(parts.length - 1), Escape: end,
	};
	const slider = 'input[type="range"]'; // it takes no letters
	const taken = (e) => e.target.matches?.(slider) ? /^(Arrow|Home|End)/.test(e.key)
		: e.target.closest?.("input, select, textarea, [contenteditable]") ? e.key !== "Escape" && !e.key.startsWith("Page")
		: e.key === " " && e.target.closest?.("button, summary, a");
	addEventListener("keydown", (e) => {
		if (e.ctrlKey || e.altKey || e.metaKey || e.defaultPrevented || taken(e)) return;
		if (now < 0 ? e.key !== "p" : !keys[e.key]) return;
		e.preventDefault();
		now < 0 ? begin() : keys[e.key]();
	});
	// A slider that was dragged gives the keys back, once it has told of its change.
	for (const event of ["pointerup", "pointercancel"]) addEventListener(event, () => {
		const held = document.activeElement;
		if (now >= 0 && held?.matches(slider)) setTimeout(() => held.blur());
	});
	addEventListener("hashchange", () => {
		const target = part(location.hash);
		if (now >= 0 && target) show(parts.indexOf(target));
	});
	for (const button of all('[data-do="present"]')) {
		button.hidden = false;
		button.title = "One section at a time, large: the key P";
		button.onclick = begin;
	}
	if (new URLSearchParams(location.search).has("present")) begin();
}
