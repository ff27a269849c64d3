// A picture that is drawn anew while a hand moves. Its SVG stands in a shadow, where no style of the page reaches it. That takes a
// browser about 40 % less time than an image element, for which it makes a page of its own. What is as it was, such as the axes, stays,
// and need not be laid out again.

const style = new CSSStyleSheet();
style.replaceSync(":host { all: initial; display: block; height: 100%; overflow: clip } svg { display: block; width: 100%; height: 100%; pointer-events: none }");

// picture makes one in a node: its box, which has the size that is seen, and show, which takes an SVG, and of it the text alternative,
// the size in pixels, if it is known, and whether each element has a line of its own.
export const picture = (parent) => {
	const box = parent.appendChild(Object.assign(document.createElement("div"), { className: "descent-picture" }));
	const svg = box.appendChild(Object.assign(document.createElement("div"), { className: "descent-svg", role: "img" }));
	const shadow = svg.attachShadow({ mode: "open" });
	shadow.adoptedStyleSheets = [style];
	const scratch = document.createElement("div");
	let shown = [], elements = []; // the lines of what is shown, if each of its elements has one, and the elements
	// redraw draws anew what differs. It returns false where it cannot.
	const redraw = (next) => {
		if (next.length !== shown.length || next.length !== elements.length + 3) return false; // the first is the svg's, and two are its end
		const changed = [...elements.keys()].filter((i) => next[i + 1] !== shown[i + 1]);
		scratch.innerHTML = next[0] + changed.map((i) => next[i + 1]).join("") + "</svg>";
		const [made] = scratch.children;
		if (made.childElementCount !== changed.length) return false;
		for (const { name, value } of made.attributes) if (shadow.firstChild.getAttribute(name) !== value) shadow.firstChild.setAttribute(name, value);
		for (const [k, child] of [...made.children].entries()) {
			elements[changed[k]].replaceWith(child);
			elements[changed[k]] = child;
		}
		return true;
	};
	const show = (drawn, { alt, width, height, lines }) => {
		svg.ariaLabel = alt ?? "";
		const next = lines ? drawn.split("\n") : [];
		if (!redraw(next)) {
			shadow.innerHTML = drawn;
			elements = [...(shadow.firstElementChild?.children ?? [])];
		}
		shown = next;
		const own = shadow.querySelector("svg"); // as somebody else draws it, who gives no size
		width ??= own?.width.baseVal.value;
		height ??= own?.height.baseVal.value;
		if (own && !own.hasAttribute("viewBox")) own.setAttribute("viewBox", `0 0 ${width} ${height}`);
		box.style.cssText = `--width: ${width}px; --aspect: ${width} / ${height}`;
	};
	return { box, show };
};
