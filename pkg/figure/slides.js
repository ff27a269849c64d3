(async (id, zipped) => {
	const bytes = Uint8Array.from(atob(zipped), (c) => c.charCodeAt(0));
	const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
	const { sliders, frames, words, width, height, moves } = JSON.parse(await new Response(plain).text());
	const make = (parent, tag, properties, style) => {
		const e = parent.appendChild(Object.assign(document.createElement(tag), properties));
		e.style.cssText = style;
		return e;
	};
	for (const box of document.querySelectorAll(`[data-slides="${id}"]`)) {
		if (box.childElementCount > 1) continue; // another script with the same pictures was here
		box.textContent = "";
		const image = make(box, "img", { width, height }, "display:block;max-width:100%;height:auto");
		const rows = make(box, "div", {}, `display:grid;grid-template-columns:max-content minmax(8em,24em) max-content${moves ? " max-content" : ""};gap:.2em 1em;align-items:center;margin:0 8px`);
		const caption = make(box, "div", { ariaLive: "polite" }, "margin:0 8px");
		const show = () => {
			const i = inputs.reduce((at, input, k) => at * sliders[k].values.length + Number(input.value), 0);
			inputs.forEach((input, k) => {
				input.ariaValueText = input.nextSibling.textContent = sliders[k].values[input.value];
			});
			image.src = "data:image/svg+xml," + encodeURIComponent(frames[i]);
			caption.textContent = words[i];
			image.alt = words[i] || inputs.map((input, k) => `${sliders[k].name} ${input.ariaValueText}`).join(", ");
		};
		const inputs = sliders.map(({ name, values, start }) => {
			make(rows, "span", { textContent: name }, "");
			const input = make(rows, "input", { type: "range", min: 0, max: values.length - 1, value: start, ariaLabel: name, oninput: show }, "width:100%;margin:0");
			input.dataset.lmSuppressShortcuts = "true"; // JupyterLab would take the arrow keys
			make(rows, "span", {}, "font-variant-numeric:tabular-nums;min-width:4em");
			return input;
		});
		// The still before it shows what the sliders show at first. One that moves goes on until a slider is dragged.
		let still = box.closest(".jp-OutputArea-child")?.previousElementSibling;
		if (!still?.querySelector("img, svg")) still = null;
		const plays = (on) => {
			if (still) still.style.display = on ? "" : "none";
			image.style.display = on ? "none" : "block";
			if (play) play.style.visibility = still && !on ? "visible" : "hidden";
		};
		const play = moves && make(rows, "button", { textContent: "▶ play", onclick: () => plays(true) }, "");
		rows.addEventListener("input", () => plays(false));
		show();
		plays(Boolean(still && moves));
	}
})
