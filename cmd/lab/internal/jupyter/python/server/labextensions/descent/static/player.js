// A picture that moves, with a slider through its frames, and play and pause.
import { picture } from "./picture.js";

// player makes one in a box. It takes films, each an object of its frames (SVG) and perSecond, with their text alternative and size; a
// new film goes on where the last one was.
export const player = (box) => {
	const element = (parent, tag, properties) => parent.appendChild(Object.assign(document.createElement(tag), properties));
	const image = picture(box);
	const bar = element(box, "div", { className: "descent-player" });
	const button = element(bar, "button", { type: "button" });
	const slider = element(bar, "input", { type: "range", min: 0, step: 1, ariaLabel: "frame" });
	const place = element(bar, "span", {});
	for (const control of [button, slider]) control.dataset.lmSuppressShortcuts = "true";
	let film = null, about = {}, timer = 0;
	const show = (at) => {
		slider.value = at;
		image.show(film.frames[at], about);
		place.textContent = `${at + 1} of ${film.frames.length}`;
	};
	const plays = (on) => {
		clearInterval(timer);
		timer = on ? setInterval(() => (box.isConnected ? show((Number(slider.value) + 1) % film.frames.length) : plays(false)), 1000 / film.perSecond) : 0;
		button.textContent = on ? "Pause" : "Play";
	};
	button.onclick = () => plays(!timer);
	slider.oninput = () => {
		plays(false);
		show(Number(slider.value));
	};
	return (next, aboutNext) => {
		const first = !film;
		[film, about] = [next, aboutNext];
		slider.max = film.frames.length - 1;
		show(first ? film.frames.length - 1 : Math.min(Number(slider.value), film.frames.length - 1));
		plays(first ? !matchMedia("(prefers-reduced-motion: reduce)").matches : Boolean(timer));
	};
};
