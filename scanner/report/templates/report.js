// Language of the page, the filter, opening what a link leads to or what goes to paper. The page can be read without any of it.
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

  const opened = [];
  addEventListener("beforeprint", () => {
    all("details.paper:not([open])").forEach((one) => { one.open = true; opened.push(one); });
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
    if (!texts.has(one)) texts.set(one, one.textContent.toLowerCase());
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
