// The controls of a cell's parameters, as elements of a page. They know nothing of who computes.

const element = (parent, tag, properties = {}) => parent.appendChild(Object.assign(document.createElement(tag), properties));

// label is what a control is called.
export const label = ({ help, control }) => (control.unit ? `${help} [${control.unit}]` : help);

// A scale maps the places of a slider, 0 to last, to the values of a number with two bounds, and back.
const scaleOf = ({ kind, lo, hi, loOpen, hiOpen }, start) => {
	const whole = kind === "int";
	const clamp = (v) => Math.min(hi, Math.max(lo, v));
	const tidy = (v, digits) => Number(v.toPrecision(digits));
	if (lo >= 0 && (lo > 0 ? hi / lo >= 100 : start > 0 && hi / start >= 20)) { // the bounds span decades
		const least = lo > 0 ? lo : whole ? 1 : 10 ** Math.floor(Math.log10(start) - 1.5);
		const zero = lo === 0 && !loOpen, first = zero ? 1 : 0, last = 240;
		const decades = Math.log(hi / least);
		return {
			last,
			value: (at) => {
				if (at < first) return 0;
				const v = least * Math.exp((decades * (at - first)) / (last - first));
				return at === last && !hiOpen ? hi : clamp(whole ? Math.round(tidy(v, 2)) : tidy(v, 2));
			},
			place: (v) => (v < least ? 0 : Math.round(first + (Math.log(v / least) / decades) * (last - first))),
		};
	}
	const unit = 10 ** Math.floor(Math.log10((hi - lo) / 100));
	const even = [1, 2, 5].map((n) => n * unit).find((step) => !((hi - lo) / step > 220));
	const step = whole ? Math.max(1, Math.round(even)) : even;
	const first = Math.ceil(lo / step - 1e-9), final = Math.floor(hi / step + 1e-9);
	const excluded = (open, at, bound) => (open && Math.abs(at * step - bound) < step / 1e3 ? 1 : 0);
	const from = first + excluded(loOpen, first, lo), to = final - excluded(hiOpen, final, hi);
	return {
		last: Math.max(0, to - from),
		value: (at) => clamp(tidy((from + at) * step, 12)),
		place: (v) => Math.round(v / step) - from,
	};
};

// controls makes a form of the parameters. changed is called with a parameter's name at each change, and with whether the hand has let go.
export const controls = (params, changed) => {
	const node = Object.assign(document.createElement("div"), { className: "descent-controls" });
	const fields = {};
	const put = (name, value) => {
		fields[name].set(value);
		fields[name].given = fields[name].get();
	};
	for (const { name, value, default: start, help, bounds, control } of params) {
		const row = element(node, "label", { className: "descent-control", title: `--${name}: ${bounds}; the cell's default is ${start}` });
		element(row, "span", { textContent: label({ help, control }) });
		const told = (released) => {
			if (released) fields[name].given = fields[name].get();
			changed(name, released);
		};
		const input = (properties) => {
			const made = element(row, properties.tag ?? "input", properties);
			made.dataset.lmSuppressShortcuts = "true"; // JupyterLab would take the keys
			made.dataset.name = name;
			return made;
		};
		const text = String(value).replaceAll("_", "").replaceAll("−", "-");
		if (control.kind === "bool") {
			const box = input({ type: "checkbox", onchange: () => told(true) });
			fields[name] = { get: () => String(box.checked), set: (v) => (box.checked = ["true", "1", "t", "TRUE", "True", "T", ""].includes(v)) };
		} else if (control.kind === "choice") {
			const list = input({ tag: "select", onchange: () => told(true) });
			for (const choice of control.choices) element(list, "option", { textContent: choice, value: choice });
			fields[name] = { get: () => list.value, set: (v) => (list.value = v) };
		} else {
			const number = control.kind !== "floats";
			const slides = number && control.lo !== undefined && control.hi !== undefined;
			const scale = slides && scaleOf(control, Number(start));
			const slider = slides && input({ type: "range", min: 0, max: scale.last, step: 1, ariaLabel: help });
			const field = input({ type: number && !slides ? "number" : "text", className: number ? "descent-number" : "descent-list", ariaLabel: `${help}, ${bounds}` });
			if (number && !slides) Object.assign(field, { step: control.kind === "int" ? 1 : "any", min: control.lo ?? "", max: control.hi ?? "" });
			const follow = () => {
				if (!slider) return;
				slider.value = scale.place(Number(field.value));
				slider.setAttribute("aria-valuetext", field.value);
			};
			if (slider) {
				const moved = (released) => {
					const now = String(scale.value(Number(slider.value)));
					const news = now !== field.value;
					field.value = now;
					slider.setAttribute("aria-valuetext", now);
					if (news || released) told(released);
				};
				slider.oninput = () => moved(false);
				slider.onchange = () => moved(true);
			} else if (number) field.oninput = () => field.value !== "" && told(false);
			const commit = () => {
				follow();
				told(true);
			};
			const typed = () => fields[name].get() !== fields[name].given;
			field.onchange = () => typed() && commit(); // what Enter gave is not given again
			field.onkeydown = (event) => {
				if (event.key !== "Enter" || event.isComposing) return;
				event.preventDefault();
				commit(); // a notebook takes the key, and no change comes of it
			};
			fields[name] = { typing: () => document.activeElement === field && typed(), get: () => field.value.replaceAll(/\s*,\s*/g, ",").trim(), set: (v) => {
				field.value = v;
				follow();
			} };
		}
		put(name, text);
	}
	return {
		node,
		get values() {
			return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.get()]));
		},
		// A field in which somebody types keeps its text.
		set values(values) {
			for (const [name, value] of Object.entries(values)) if (fields[name].get() !== value && !fields[name].typing?.()) put(name, value);
		},
	};
};

// written is a cell's source with the values of its parameters beside its %%; those that are the defaults are left out.
export const written = (source, params, values) => {
	const lines = source.split("\n");
	const at = lines.findIndex((line) => /^(\/\/gonb:)?%(%|main)(\s|-|$)/.test(line));
	if (at < 0) return source;
	const words = [...lines[at].replace(/^((?:\/\/gonb:)?%%)-/, "$1 -").matchAll(/(?:"(?:\\.|[^"\\])*"|[^\s"])+/g)].map(([word]) => word);
	const isFlag = (word) => /^"?--?[A-Za-z]/.test(word ?? "");
	const kept = [words[0]];
	for (let i = 1; i < words.length; i++) {
		const [name] = words[i].replace(/^"?-+/, "").split("=");
		const ours = isFlag(words[i]) && params.some((p) => p.name === name);
		let value = words[i].includes("=") ? words[i].slice(words[i].indexOf("=") + 1) : undefined;
		if (!ours) kept.push(words[i]);
		// What follows may be its value, as in --lr 0.5, --lr = 0.5 and --rates=0.1, 0.3.
		while (ours && i + 1 < words.length && !isFlag(words[i + 1]) && (!value || value === "=" || value.endsWith(","))) value = words[++i];
	}
	for (const { name, default: start } of params) {
		if (values[name] === start) continue;
		const flag = `--${name}=${values[name]}`;
		kept.push(/[\s"\\]/.test(flag) ? `"${flag.replaceAll(/["\\]/g, "\\$&")}"` : flag);
	}
	lines[at] = kept.join(" ");
	return lines.join("\n");
};
