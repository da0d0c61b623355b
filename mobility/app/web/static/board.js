// Keeps an open departure board fresh, reads it aloud, and says when its connection is lost. The page is complete
// without this script; nothing is drawn here: each change is the server's own page, put in place of the old one.
"use strict";
(() => {
  const LOST_MS = 30_000; // after this long without an answer nothing on the page claims to know of this moment
  const EVERY_MS = 20_000; // asked at least this often
  const PAUSE_MS = 3_000; // and at most this often, however much happens
  const PATIENCE_MS = 10_000;
  const root = document.documentElement;
  const live = () => document.getElementById("live");
  const lost = document.getElementById("lost");
  // The worker that answers without a connection says when it fetched the page.
  let heard = Number(root.dataset.fetched) || Date.now();
  let asked = 0;
  let waiting = 0;
  let isAsking = false;
  let path = location.pathname + location.search;

  async function ask() {
    if (isAsking) return;
    isAsking = true;
    asked = Date.now();
    try {
      const options = { signal: AbortSignal.timeout(PATIENCE_MS), headers: { Accept: "text/html" } };
      const answer = await fetch(path, options);
      if (!answer.ok || answer.headers.has("x-board-fetched")) throw new Error("not fresh");
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (files(fresh) !== files(document)) location.reload(); // the server was renewed
      show(fresh);
      heard = Date.now();
    } catch {
      // tell() says so when it lasts
    } finally {
      isAsking = false;
    }
    tell();
  }

  function files(page) {
    const named = page.querySelectorAll("link[rel=stylesheet], script[src]");
    return [...named].map((one) => one.getAttribute("href") || one.getAttribute("src")).join();
  }

  function show(fresh) {
    for (const id of ["live", "aloud"]) {
      const old = document.getElementById(id);
      const made = fresh.getElementById(id);
      if (!old || !made || old.outerHTML === made.outerHTML) continue;
      const focused = [...old.querySelectorAll("a")].indexOf(document.activeElement);
      for (const { name, value } of made.attributes) old.setAttribute(name, value);
      old.replaceChildren(...made.childNodes);
      if (focused >= 0) old.querySelectorAll("a")[focused]?.focus();
    }
    if (!("next" in live().dataset)) document.title = fresh.title;
  }

  function tell() {
    const silent = Date.now() - heard;
    const isLost = silent > LOST_MS || Boolean(root.dataset.fetched && heard <= Number(root.dataset.fetched));
    root.classList.toggle("is-lost", isLost);
    const said = isLost ? sentence(silent) : "";
    if (lost.textContent.trim() === said) return;
    lost.replaceChildren();
    if (said) {
      lost.innerHTML = '<svg class="symbol" viewBox="0 0 16 16" aria-hidden="true"><use href="#s-lost"/></svg>';
      lost.append(Object.assign(document.createElement("span"), { textContent: said }));
    }
  }

  function sentence(silent) {
    const words = live().dataset;
    const minutes = Math.floor(silent / 60_000);
    const age = minutes < 1 ? words.moment : minutes === 1 ? words.minute : words.minutes.replace("{count}", minutes);
    return words.lost.replace("{time}", words.time).replace("{age}", age);
  }

  function soon() {
    if (waiting) return;
    waiting = setTimeout(() => { waiting = 0; ask(); }, Math.max(0, asked + PAUSE_MS - Date.now()));
  }

  function turn() {
    const { next, turn: seconds } = live().dataset;
    if (!next) return;
    setTimeout(async () => {
      path = next;
      await ask();
      turn();
    }, 1000 * Number(seconds));
  }

  function listen() {
    if (!live().dataset.events) return;
    const stream = new EventSource(live().dataset.events);
    for (const kind of ["snapshot", "delta"]) stream.addEventListener(kind, soon);
    addEventListener("pagehide", () => stream.close());
    // A refused stream stays closed; the page is asked for every now and then all the same.
  }

  // A wall display renews itself where this script does not arrive. Removing the element does not stop a refresh that
  // the browser has begun to count; stop() does, and is called when nothing is loading that it would stop as well.
  async function callOff() {
    const refresh = document.querySelector("meta[http-equiv=refresh]");
    if (!refresh) return;
    if (document.readyState !== "complete") await new Promise((done) => addEventListener("load", done, { once: true }));
    window.stop();
    refresh.remove();
  }

  function speech() {
    const button = document.getElementById("speak");
    const text = document.getElementById("aloud");
    if (!button || !text || !("speechSynthesis" in window)) return;
    const start = button.textContent;
    const ended = () => { button.textContent = start; };
    button.hidden = false;
    button.addEventListener("click", () => {
      if (button.textContent !== start) { speechSynthesis.cancel(); ended(); return; }
      speechSynthesis.cancel();
      const isLost = root.classList.contains("is-lost");
      const lines = isLost ? [lost.textContent] : [...text.children].map((line) => line.textContent);
      for (const [i, line] of lines.entries()) {
        const said = new SpeechSynthesisUtterance(line);
        said.lang = root.lang === "en" ? "en-GB" : "de-DE";
        said.rate = root.lang === "de-simple" ? 0.85 : 1;
        said.onerror = ended;
        if (i === lines.length - 1) said.onend = ended;
        speechSynthesis.speak(said);
      }
      button.textContent = button.dataset.stop;
    });
    addEventListener("pagehide", () => speechSynthesis.cancel());
  }

  document.getElementById("by-hand")?.remove();
  speech();
  tell();
  callOff().then(listen);
  turn();
  setInterval(() => { tell(); if (Date.now() - asked >= EVERY_MS) soon(); }, 1000);
  addEventListener("online", soon);
  addEventListener("pageshow", (event) => { if (event.persisted) { tell(); soon(); listen(); } });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { tell(); soon(); } });
  if (root.dataset.fetched) soon(); else asked = Date.now();
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/web/board-worker.js", { scope: "/board" }).catch(() => {});
})();
