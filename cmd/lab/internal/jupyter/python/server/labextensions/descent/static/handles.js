// Points of a picture that can be dragged: buttons over the picture, each of which moves items of the cell's parameters.

const place = ({ lo, hi, log, from, to }, value) => {
	const share = log ? Math.log(Math.max(value, lo) / lo) / Math.log(hi / lo) : (value - lo) / (hi - lo);
	return from + (to - from) * Math.min(1, Math.max(0, share));
};

// The value at a place, rounded to what a hand can tell apart.
const valueAt = ({ lo, hi, log, from, to }, at) => {
	const share = Math.min(1, Math.max(0, (at - from) / (to - from)));
	if (log) return Number((lo * (hi / lo) ** share).toPrecision(2));
	const step = 10 ** Math.floor(Math.log10((hi - lo) / 100));
	return Number((Math.round((lo + (hi - lo) * share) / step) * step).toPrecision(12));
};

// handles puts the points over a picture. values gives the parameters as they are, and moved takes new ones, the name of the changed one, and
// whether the hand has let go.
export const handles = (box, values, moved) => {
	const knobs = [];
	let held = null; // what the hand holds, with the axes that the picture had when it took hold
	const put = (knob, at) => {
		knob.style.left = `${100 * place(at.x, at.x.value)}%`;
		knob.style.top = `${100 * place(at.y, at.y.value)}%`;
		knob.setAttribute("aria-label", `point at ${at.x.value}, ${at.y.value}`);
	};
	const set = (at, changes, released) => {
		const now = { ...values() };
		let name = "";
		for (const axis of ["x", "y"]) {
			const { param, item } = at[axis];
			if (!param || changes[axis] === undefined || !(param in now)) continue;
			at[axis].value = changes[axis];
			const items = now[param].split(",");
			items[item] = String(changes[axis]);
			now[param] = items.join(",");
			name = param;
		}
		if (name) moved(now, name, released);
	};
	const make = () => {
		const knob = box.appendChild(Object.assign(document.createElement("button"), { type: "button", className: "descent-handle" }));
		knob.dataset.lmSuppressShortcuts = "true";
		const changes = (event) => {
			const edge = box.getBoundingClientRect();
			return { x: valueAt(held.at.x, (event.clientX - edge.left) / edge.width), y: valueAt(held.at.y, (event.clientY - edge.top) / edge.height) };
		};
		const letGo = () => {
			if (held?.knob !== knob) return;
			const { x, y } = held.at;
			set(held.at, { x: x.value, y: y.value }, true);
			held = null;
		};
		knob.onpointerdown = (event) => {
			held = { knob, at: structuredClone(knob.at) };
			knob.setPointerCapture(event.pointerId);
			event.stopPropagation();
		};
		knob.onpointermove = (event) => {
			if (held?.knob !== knob) return;
			set(held.at, changes(event), false);
			put(knob, held.at);
		};
		knob.onpointerup = knob.onpointercancel = letGo;
		knob.onkeydown = (event) => {
			const step = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowUp: ["y", -1], ArrowDown: ["y", 1] }[event.key];
			if (!step) return;
			event.preventDefault();
			event.stopPropagation();
			const [axis, sign] = step;
			const at = structuredClone(knob.at);
			set(at, { [axis]: valueAt(at[axis], place(at[axis], at[axis].value) + sign * Math.abs(at[axis].to - at[axis].from) / 50) }, true);
		};
		return knob;
	};
	return (all) => {
		while (knobs.length > all.length) knobs.pop().remove();
		all.forEach((at, i) => {
			knobs[i] ??= make();
			knobs[i].at = at;
			if (held?.knob !== knobs[i]) put(knobs[i], at);
		});
	};
};
