// Drags the learning rate of chapter 7's cell in an open lab and takes a picture after each move: node shots.mjs ADDRESS FOLDER, where
// ADDRESS is what `lab --no-browser` prints and playwright-core can be imported. pack.py makes drag.webp of the pictures.
import { chromium } from "playwright-core";
import { mkdirSync } from "node:fs";

const [, , address, folder] = process.argv;
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1250, height: 1000 } });
await page.goto(address.replace(/tree\/[^?]+/, "tree/07-your-own-net.ipynb"));
const idle = () => page.waitForFunction(() => /Idle/.test(document.querySelector("#jp-main-statusbar")?.innerText) && ![...document.querySelectorAll(".jp-InputPrompt")].some((e) => e.innerText.includes("*")), null, { timeout: 120_000 });
await page.waitForSelector(".jp-CodeCell");
await idle();
await page.keyboard.press("Control+b"); // hides the list of files
for (let cell = 0; cell < 3; cell++) {
	await page.locator(".jp-CodeCell").nth(cell).scrollIntoViewIfNeeded();
	await page.locator(".jp-CodeCell").nth(cell).locator(".cm-content").click({ position: { x: 5, y: 5 } });
	await page.keyboard.press("Control+Enter");
	await page.waitForTimeout(500);
	await idle();
}
const live = page.locator(".descent-live").first();
await page.waitForFunction(() => document.querySelector(".descent-live")?.dataset.state === "idle");
const set = async (name, value, slides) => {
	await live.locator(`[data-name="${name}"]${slides ? "[type=range]" : ":not([type=range])"}`).evaluate((e, v) => {
		e.value = v;
		for (const kind of ["input", "change"]) e.dispatchEvent(new Event(kind, { bubbles: true }));
	}, String(value));
	await page.waitForTimeout(150);
	await page.waitForFunction(() => document.querySelector(".descent-live").dataset.state === "idle", null, { timeout: 60_000 });
	await page.waitForTimeout(100);
};
await set("batch", 400, false);
for (let i = 0; i < 24; i++) {
	await set("lr", 146 + i, true); // 0.11 to 0.34
	await live.screenshot({ path: `${folder}/${String(i).padStart(2, "0")}.png` });
}
await browser.close();
