// Keeps an open departure board fresh, reads it aloud, and says when its connection is lost. The page is complete
// without this script; nothing is drawn here: each change is the server's own page, put in place of the old one.
"use strict";
(() => {
  const LOST_MS = 30_000; // after this long without an answer nothing on the page claims to know of this moment
  const EVERY_MS = 20_000; // asked at least this often
  const PAUSE_MS = 3_000; // and at most this often, however much happens
  const PATIENCE_MS = 20_000; // a bad radio link takes its time
  const root = document.documentElement;
  const live = () => document.getElementById("live");
  const lost = document.getElementById("lost");
  const said = document.getElementById("said");
  // The worker that answers without a connection says when it fetched the page. After "back" a browser may show a page
  // that it kept, however old; when it was fresh, the history remembers.
  const isKept = Boolean(root.dataset.fetched) || isFromStore();
  let heard = Number(root.dataset.fetched) || (isKept && history.state && history.state.heard) || Date.now();
  let isConfirmed = !isKept;
  let hasFailed = Boolean(root.dataset.fetched);
  let woken = 0; // when a page that nobody saw was looked at again
  let stream = null;
  let asked = 0;
  let waiting = 0;
  let isAsking = false;
  let path = location.pathname + location.search;

  async function ask() {
    if (isAsking) return;
    isAsking = true;
    asked = Date.now();
    const limit = new AbortController(); // AbortSignal.timeout is missing in browsers of 2022
    const patience = setTimeout(() => limit.abort(), PATIENCE_MS);
    try {
      const options = { signal: limit.signal, headers: { Accept: "text/html" } };
      const answer = await fetch(path, options);
      if (!answer.ok || answer.headers.has("x-board-fetched")) throw new Error("not fresh");
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (files(fresh) !== files(document)) location.reload(); // the server was renewed
      show(fresh);
      heard = Date.now();
      isConfirmed = true;
      hasFailed = false;
      history.replaceState({ heard }, "");
    } catch {
      hasFailed = true; // tell() says so when it lasts
    } finally {
      clearTimeout(patience);
      isAsking = false;
    }
    tell();
  }

  function files(page) {
    const named = page.querySelectorAll("link[rel=stylesheet], script[src]");
    return [...named].map((one) => one.getAttribute("href") || one.getAttribute("src")).join();
  }

  function isFromStore() {
    const [way] = performance.getEntriesByType("navigation");
    const hasWorker = "serviceWorker" in navigator && navigator.serviceWorker.controller;
    if (!way || hasWorker) return false;
    return way.transferSize === undefined ? way.type === "back_forward" : way.transferSize === 0;
  }

  function show(fresh) {
    const before = news();
    unfold(fresh);
    for (const id of ["live", "aloud"]) {
      const old = document.getElementById(id);
      const made = fresh.getElementById(id);
      if (old && made) renew(old, made);
    }
    if ("next" in live().dataset) return;
    document.title = fresh.title;
    const added = news().filter((line) => !before.includes(line));
    if (added.length) said.textContent = added.join(" ");
  }

  // Changes only what differs: who reads the page with a screen reader keeps the place, who has the focus keeps it.
  function renew(old, made) {
    if (old.isEqualNode(made)) return;
    if (old.nodeName !== made.nodeName) { old.replaceWith(made); return; }
    if (old.nodeType !== Node.ELEMENT_NODE) { old.nodeValue = made.nodeValue; return; }
    for (const { name } of [...old.attributes]) if (name !== "open" && !made.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of made.attributes) if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
    const coming = parts(made);
    const keys = coming.map(departure);
    const staying = parts(old).filter((part) => keys.includes(departure(part)) || part.remove());
    coming.forEach((part, i) => (staying[i] ? renew(staying[i], part) : old.append(part)));
    for (const part of staying.slice(coming.length)) part.remove();
  }

  const parts = (node) => (node.nodeName === "TBODY" ? [...node.children] : [...node.childNodes]);

  // What a row of the table is about: it leaves the table with its bus. Anything else is just itself.
  function departure(node) {
    const time = node.nodeName === "TR" && node.querySelector("td time");
    return time ? node.cells[0].textContent + time.dateTime : "";
  }

  // Alerts are folded to their headline, so that a phone shows departures; where there is room they stand open.
  function unfold(page) {
    if (!matchMedia("(min-width: 40rem)").matches) return;
    for (const alert of page.querySelectorAll("details.alert")) alert.open = true;
  }

  // What nobody may miss who does not see the page: an alert, and what does not run.
  function news() {
    return [...live().querySelectorAll(".alert h2, .is-cancelled .unsure")].map((one) => one.textContent.trim());
  }

  function tell() {
    const silent = Date.now() - heard;
    const isUnsure = silent > LOST_MS || !isConfirmed;
    const isLost = isUnsure && (hasFailed || Date.now() - Math.max(heard, woken) > LOST_MS);
    root.classList.toggle("is-lost", isUnsure);
    const line = isLost ? sentence(silent) : "";
    const before = lost.textContent.trim();
    if (before === line) return;
    lost.textContent = "";
    // Heard once when the connection goes and once when it is back; how long it is gone, the page shows.
    if (!before) said.textContent = line;
    else if (!line) said.textContent = live().dataset.back;
    if (line) {
      lost.innerHTML = '<svg class="symbol" viewBox="0 0 16 16" aria-hidden="true"><use href="#s-lost"/></svg>';
      lost.append(Object.assign(document.createElement("span"), { textContent: line }));
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

  // A wall shows the same lines for years: a few pixels to and fro, a step every ten minutes, spare the screen.
  function drift() {
    const step = Math.floor(Date.now() / 600_000) % 12;
    document.querySelector("main").style.transform = `translate(-${step % 4}px, -${step % 3}px)`;
  }

  function turn() {
    const { next, turn: seconds } = live().dataset;
    if (!next) return;
    setTimeout(async () => {
      path = next;
      drift();
      await ask();
      turn();
    }, 1000 * Number(seconds));
  }

  // The stream only rings: it is not worth a slow or dear connection, and nobody looks at a hidden page.
  function listen() {
    if (stream) stream.close();
    stream = null;
    const { saveData, effectiveType } = navigator.connection || {};
    if (!live().dataset.events || document.hidden || saveData || /2g/.test(effectiveType)) return;
    stream = new EventSource(live().dataset.events);
    for (const kind of ["snapshot", "delta"]) stream.addEventListener(kind, soon);
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
      const lines = isLost ? [sentence(Date.now() - heard)] : [...text.children].map((line) => line.textContent);
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

  const byHand = document.getElementById("by-hand");
  if (byHand) byHand.remove();
  unfold(document);
  speech();
  tell();
  callOff().then(listen);
  turn();
  setInterval(() => { if (!document.hidden) { tell(); if (Date.now() - asked >= EVERY_MS) soon(); } }, 1000);
  const wake = () => { woken = Date.now(); tell(); soon(); listen(); };
  addEventListener("online", soon);
  addEventListener("pagehide", () => { if (stream) stream.close(); });
  addEventListener("pageshow", (event) => { if (event.persisted) wake(); });
  document.addEventListener("visibilitychange", () => (document.hidden ? listen() : wake()));
  if (isKept) soon(); else asked = Date.now();
  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.addEventListener("controllerchange", soon); // so that it keeps this page
    navigator.serviceWorker.register("/web/board-worker.js", { scope: "/board" }).catch(() => {});
  }
})();
