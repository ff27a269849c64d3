// Tables as package lab writes them in Markdown: HTML is escaped in them, so that what is left is **bold** and formulas between dollars.

// A formula is one of those that were set when the page was built, wherever it stands.
const formula = (tex) => {
	const same = [...document.querySelectorAll(".katex annotation")].find((a) => a.textContent.trim() === tex.trim());
	return same ? same.closest(".katex").outerHTML : `<i>${tex}</i>`;
};

const written = (text) => text.split(/(?<!\\)\$/).map((part, i) => (i % 2 ? formula(part) : part.replaceAll(/\*\*(.+?)\*\*/g, "<b>$1</b>"))).join("");

export const table = (markdown) => {
	const [head, rule, ...rows] = markdown.trim().split("\n").map((line) => line.replace(/^\|\s?|\s?\|$/g, "").split("|").map((item) => item.trim()));
	const right = rule.map((item) => item.endsWith(":") && !item.startsWith(":"));
	const row = (items, tag) => `<tr>${items.map((item, i) => `<${tag}${right[i] ? ' style="text-align: right"' : ""}>${written(item)}</${tag}>`).join("")}</tr>`;
	const box = Object.assign(document.createElement("div"), { className: "output scroll" });
	box.innerHTML = `<table><thead>${row(head, "th")}</thead><tbody>${rows.map((items) => row(items, "td")).join("")}</tbody></table>`;
	return box;
};
