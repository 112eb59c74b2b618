// Language of the page, titles in place of the names of checks, the filter, opening what a link leads to or what goes to paper.
// The page can be read without any of it.
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  const speak = () => { root.lang = document.getElementById("lang-en").checked ? "en" : "ja"; };
  all("input[name=lang]").forEach((input) => input.addEventListener("change", speak));
  speak();

  const reveal = () => {
    let at;
    try { at = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    if (!at) return;
    for (let up = at; up; up = up.parentElement) {
      if (up.tagName === "DETAILS") up.open = true;
      up.classList.remove("away");
    }
    at.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  // Lists of checks: each title stands once in the page, where the check is described.
  const titles = new Map();
  const title = (id) => {
    if (!titles.has(id)) {
      const at = document.getElementById(id);
      const words = at && at.closest(".check") && at.closest(".check").querySelector(".t");
      titles.set(id, words ? { words, reason: at.tagName === "LI" ? at : null } : null);
    }
    return titles.get(id);
  };
  const entries = (list) => all(":scope > a", list.dataset.of ? document.getElementById(list.dataset.of) || list : list);
  const named = new WeakSet();
  const name = (list) => {
    if (named.has(list)) return;
    named.add(list);
    if (list.dataset.of) {
      const links = entries(list).map((link) => link.cloneNode(true));
      all(":scope > a", list).forEach((link) => link.remove());
      list.append(...links);
      delete list.dataset.of;
    }
    all(":scope > a", list).forEach((link) => {
      const found = title(link.hash.slice(1));
      if (!found || link.firstElementChild) return;
      const parts = [...found.words.cloneNode(true).childNodes];
      if (found.reason) {
        const why = document.createElement("span");
        why.className = "quiet";
        why.append(" — ", ...found.reason.cloneNode(true).childNodes);
        parts.push(why);
      }
      link.replaceChildren(...parts);
    });
  };
  document.addEventListener("toggle", (event) => { if (event.target.open && event.target.matches(".ks")) name(event.target); }, true);
  all("span.ks, details.ks[open]").forEach(name);

  // What is to be typed can be copied, also from a file that no server gave.
  all(".program").forEach((box) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.append(document.getElementById("copy-words").content.cloneNode(true));
    button.addEventListener("click", () => {
      getSelection().selectAllChildren(box.querySelector("pre"));
      button.classList.toggle("done", document.execCommand("copy"));
    });
    box.querySelector("h5").append(button);
  });

  const opened = [];
  addEventListener("beforeprint", () => {
    all("details.paper:not([open])").forEach((one) => { one.open = true; opened.push(one); });
    all("details.ks[open]").forEach(name);
  });
  addEventListener("afterprint", () => { opened.splice(0).forEach((one) => { one.open = false; }); });

  all("[data-fold]").forEach((button) => button.addEventListener("click", () => {
    const open = button.dataset.fold === "open";
    all("details", document.getElementById(button.dataset.of)).forEach((one) => { if (!one.matches(".away")) one.open = open; });
  }));

  const form = document.getElementById("filter");
  const wanted = document.getElementById("filter-text");
  const leaves = all("[data-outcome]");
  const holders = all("[data-holds]").reverse();
  const unfolded = new Set();
  const texts = new Map();
  const text = (one) => {
    if (!texts.has(one)) {
      const said = [one.textContent];
      const around = one.closest(".saying");
      if (around) said.push(around.querySelector(".seen").textContent);
      const lists = all(".ks", one);
      if (one.matches(".doubt .item")) lists.push(...all(".ks", one.closest(".doubt")), one.closest(".doubt").querySelector("header"));
      lists.forEach((list) => {
        said.push(list.textContent);
        entries(list).forEach((link) => { const found = title(link.hash.slice(1)); if (found) said.push(link.textContent, found.words.textContent); });
      });
      texts.set(one, said.join(" ").toLowerCase());
    }
    return texts.get(one);
  };
  const sift = () => {
    const word = wanted.value.trim().toLowerCase();
    const outcomes = new Set(all("input[name=outcome]:checked", form).map((box) => box.value));
    const idle = !word && outcomes.size === 4;
    let found = 0;
    leaves.forEach((one) => {
      const within = one.closest("[data-context]");
      const named = !word || text(one).includes(word) || (within && within.dataset.context.toLowerCase().includes(word));
      const fits = outcomes.has(one.dataset.outcome) && named;
      one.classList.toggle("away", !fits);
      found += fits;
    });
    holders.forEach((one) => {
      const empty = !one.querySelector("[data-outcome]:not(.away)");
      one.classList.toggle("away", !idle && empty);
      if (one.tagName !== "DETAILS") return;
      if (!idle && !empty && !one.open) { one.open = true; unfolded.add(one); }
      if (idle && unfolded.delete(one)) one.open = false;
    });
    all("#filter-said [data-n]").forEach((place) => { place.textContent = found.toLocaleString(); });
    document.getElementById("filter-said").hidden = idle;
  };
  let soon;
  form.addEventListener("input", () => { clearTimeout(soon); soon = setTimeout(sift, 150); });
  form.addEventListener("submit", (event) => { event.preventDefault(); sift(); });
  form.addEventListener("reset", () => setTimeout(sift));
  all(".script").forEach((one) => { one.hidden = false; });
})();
