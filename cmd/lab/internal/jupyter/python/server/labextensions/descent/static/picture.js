// A picture that is drawn anew while a hand moves. Its SVG stands in a shadow, where no style of the page reaches it. That takes a
// browser about 40 % less time than an image element, for which it makes a page of its own.

const style = new CSSStyleSheet();
style.replaceSync(":host { all: initial; display: block; height: 100%; overflow: clip } svg { display: block; width: 100%; height: 100%; pointer-events: none }");

// picture makes one in a node: its box, which has the size that is seen, and show, which takes an SVG, and of it the text alternative and
// the size in pixels, if it is known.
export const picture = (parent) => {
	const box = parent.appendChild(Object.assign(document.createElement("div"), { className: "descent-picture" }));
	const svg = box.appendChild(Object.assign(document.createElement("div"), { className: "descent-svg", role: "img" }));
	const shadow = svg.attachShadow({ mode: "open" });
	shadow.adoptedStyleSheets = [style];
	const show = (drawn, { alt, width, height }) => {
		svg.ariaLabel = alt ?? "";
		shadow.innerHTML = drawn;
		const own = shadow.querySelector("svg"); // as somebody else draws it, who gives no size
		width ??= own?.width.baseVal.value;
		height ??= own?.height.baseVal.value;
		if (own && !own.hasAttribute("viewBox")) own.setAttribute("viewBox", `0 0 ${width} ${height}`);
		box.style.cssText = `--width: ${width}px; --aspect: ${width} / ${height}`;
	};
	return { box, show };
};
