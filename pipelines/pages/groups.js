"use strict";
// The page of groups: draws one page of them at a time from the data beside it, and saves what was chosen.
// Nothing of the data ever becomes markup: elements are made one by one, their texts set as text.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const PER_PAGE = 40, SHOWN = 24, KEPT_CHUNKS = 16;
  const ALL = "all", NONE = "none";
  const $ = (id) => document.getElementById(id);
  const chunks = new Map();
  const choices = new Map();
  const store = "synsift-choices-" + data.id;
  let order = [], page = 0;

  // Parts of the page

  function make(name, properties, ...children) {
    const element = Object.assign(document.createElement(name), properties || {});
    element.append(...children);
    return element;
  }

  function printable(text) {
    return text.replace(/(?![\u200c\u200d])[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");
  }

  // A path may be broken behind each of its slashes.
  function breakable(path) {
    return path.split(/(?<=\/)/).flatMap((part) => [part, make("wbr")]);
  }

  function size(bytes) {
    if (bytes >= 1e9) return (bytes / 1e9).toFixed(1) + "\u00a0GB";
    if (bytes >= 1e6) return (bytes / 1e6).toFixed(1) + "\u00a0MB";
    return Math.max(1, Math.round(bytes / 1e3)) + "\u00a0kB";
  }

  function counted(number, one, many) {
    return number.toLocaleString("en") + " " + (number === 1 ? one : many);
  }

  function picture(number) {
    const chunk = Math.floor(number / data.chunk);
    if (!chunks.has(chunk)) {
      const holder = $("pictures-" + chunk);
      if (holder === null) return null;
      if (chunks.size >= KEPT_CHUNKS) chunks.delete(chunks.keys().next().value);
      chunks.set(chunk, holder.textContent.split("\n"));
    }
    return chunks.get(chunk)[number % data.chunk];
  }

  function fill(image) {
    const found = picture(Number(image.dataset.number));
    if (found === null) {
      image.dataset.waits = "yes";
    } else if (found === "") {
      image.parentElement.replaceWith(make("span", {className: "missing"}, "no picture: the file can't be read any more"));
    } else {
      delete image.dataset.waits;
      image.src = "data:image/webp;base64," + found;
    }
  }

  function nameOf(item) {
    return item.path.slice(item.path.lastIndexOf("/") + 1);
  }

  // What a copy of a group is called beside the others: by its name, or by its path where another has the same name.
  function called(group, place) {
    const item = group.items[place];
    const shared = group.items.some((other, at) => at !== place && nameOf(other) === nameOf(item));
    return printable(shared ? item.path : nameOf(item));
  }

  // What relates a copy to the kept one; where it is another copy that it was compared with, that one by its name.
  function reason(group, place, choice) {
    const item = group.items[place];
    const turned = item.turned ? ", " + item.turned : "";
    const seen = item.kind === "near" ? ", by local features" : ""; // no hash came near
    const bits = item.bits === null ? seen + turned : ": " + item.bits + " of 256 bits differ" + turned;
    if (group.reference) return "near copy of the reference " + printable(group.reference) + bits;
    if (!item.kind) return "the best copy: colours, real detail, no border, less compression";
    const isExact = item.kind === "exact";
    const isAsKept = isExact && place !== choice && group.items[choice]?.sha256 === item.sha256;
    const of = isAsKept || item.to === choice ? "the kept copy" : called(group, item.to);
    return isExact ? "the same bytes as " + of : "near copy of " + of + bits;
  }

  function card(group, index, place) {
    const item = group.items[place];
    const name = printable(nameOf(item));
    const facts = item.width + "×" + item.height + " " + item.format + ", " + size(item.bytes);
    const image = make("img", {decoding: "async"});
    image.dataset.facts = name + ", " + facts;
    image.loading = "lazy";
    image.dataset.number = item.number;
    const pick = make("span", {className: "pick"});
    if (!group.reference) {
      pick.append(make("input", {type: "radio", name: "group-" + index, value: String(place)}));
      pick.lastChild.setAttribute("aria-label", "Keep copy " + (place + 1) + ": " + name);
    }
    pick.append(make("span", {className: "verdict"}));
    const figure = make("figure", {},
      make("label", {}, make("span", {className: "picture"}, image), pick),
      make("figcaption", {},
        make("p", {}, make("b", {}, name)),
        make("p", {}, facts),
        make("p", {className: "reason"}),
        make("p", {className: "path"}, make("a", {href: item.url, target: "_blank", rel: "noopener"}, make("bdi", {}, ...breakable(printable(item.path)))))));
    figure.dataset.place = place;
    fill(image);
    return figure;
  }

  function whole(index, value, words) {
    return make("label", {className: "all"}, make("input", {type: "radio", name: "group-" + index, value}), words);
  }

  function section(index) {
    const group = data.groups[index];
    const title = group.reference ? "Near to a reference" : "Group " + (index + 1);
    const heading = make("h2", {id: "heading-" + index}, title + " ", make("small", {}, saving(group)));
    const cards = make("div", {className: "cards"});
    const shown = group.items.length > SHOWN + 3 ? SHOWN : group.items.length;
    for (let place = 0; place < shown; place++) cards.append(card(group, index, place));
    const element = make("div", {className: group.items.length > 3 ? "group long" : "group"}, heading, cards);
    if (shown < group.items.length) {
      const more = make("button", {type: "button"}, "Show " + (group.items.length - shown) + " more");
      more.addEventListener("click", () => {
        for (let place = shown; place < group.items.length; place++) cards.append(card(group, index, place));
        more.remove();
        mark(element, index);
      });
      element.append(more);
    }
    if (group.reference) element.append(whole(index, NONE, "Move it away"));
    element.append(whole(index, ALL, group.reference ? "Keep it" : "Keep all of them: these are not copies"));
    element.dataset.index = index;
    element.setAttribute("role", "radiogroup");
    element.setAttribute("aria-labelledby", heading.id);
    mark(element, index);
    return element;
  }

  function saving(group) {
    const copies = group.items.length - (group.reference ? 0 : 1);
    return counted(copies, "copy", "copies") + ", " + size(bytesOf(group));
  }

  function bytesOf(group) {
    return group.items.reduce((sum, item) => sum + item.bytes, group.reference ? 0 : -group.items[0].bytes);
  }

  // Choices

  function chosen(index) {
    return choices.get(index) ?? (data.groups[index].reference ? NONE : 0);
  }

  function choose(index, value) {
    const choice = value === ALL || value === NONE ? value : Number(value);
    if (choice === (data.groups[index].reference ? NONE : 0)) choices.delete(index);
    else choices.set(index, choice);
    const element = document.querySelector('[data-index="' + index + '"]');
    if (element) mark(element, index);
    try { localStorage.setItem(store, JSON.stringify([...choices])); } catch { /* then it lasts as long as the page */ }
    tell();
  }

  function mark(element, index) {
    const choice = chosen(index);
    for (const input of element.querySelectorAll("input")) input.checked = input.value === String(choice);
    for (const figure of element.querySelectorAll("figure")) {
      const kept = choice === ALL || choice === Number(figure.dataset.place);
      figure.className = kept ? "kept" : "moves";
      figure.querySelector(".verdict").textContent = kept ? "keep" : "move away";
      const why = reason(data.groups[index], Number(figure.dataset.place), choice);
      figure.querySelector(".reason").textContent = why;
      const image = figure.querySelector("img");
      if (image) image.alt = image.dataset.facts + ", " + why;
    }
  }

  function split(group, index) {
    const choice = chosen(index);
    const kept = (item, place) => choice === ALL || choice === place;
    return {keep: group.items.filter(kept), move: group.items.filter((item, place) => !kept(item, place))};
  }

  function tell() {
    let files = 0, bytes = 0;
    data.groups.forEach((group, index) => {
      for (const item of split(group, index).move) { files++; bytes += item.bytes; }
    });
    $("state").textContent = counted(files, "file", "files") + " to move away (" + size(bytes) + ")"
      + (choices.size ? "; you decided about " + counted(choices.size, "group", "groups") : "") + ".";
    $("json").disabled = $("script").disabled = files === 0;
  }

  // Files that are saved

  function save(name, content, type) {
    const link = make("a", {href: URL.createObjectURL(new Blob([content], {type})), download: name});
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  function saveChoices() {
    const entry = (item) => ({path: item.path, sha256: item.sha256});
    const groups = data.singles.map((item) => ({keep: [item], move: []}));
    data.groups.forEach((group, index) => {
      const {keep, move} = split(group, index);
      const line = {keep: keep.map(entry), move: move.map(entry)};
      if (group.reference) line.reference = group.reference;
      groups.push(line);
    });
    const whole = {kind: "synsift choices", version: 1, folders: data.folders, groups};
    save("choices.json", JSON.stringify(whole).replaceAll('{"keep":', '\n{"keep":') + "\n", "application/json");
    say("choices.json", "synsift dedupe --apply choices.json --move DIR");
  }

  // A path as the bytes that it has on the disk: what is no UTF-8 came as lone surrogates U+DC80 … U+DCFF.
  function bytesOfText(text) {
    const encoder = new TextEncoder();
    const parts = [];
    for (const char of text) {
      const code = char.codePointAt(0);
      parts.push(code >= 0xdc80 && code <= 0xdcff ? Uint8Array.of(code - 0xdc00) : encoder.encode(char));
    }
    return parts;
  }

  function quoted(path) {
    return "'" + path.replaceAll("'", "'\\''") + "'";
  }

  function saveScript() {
    const lines = [$("prelude").textContent.replace(/^\n/, "")];
    data.groups.forEach((group, index) => {
      const {keep, move} = split(group, index);
      if (!move.length) return;
      lines.push("kept" + keep.map((item) => " " + item.sha256 + " " + quoted(item.path)).join("") + " && {");
      for (const item of move) lines.push("  move " + item.sha256 + " " + item.number + " " + quoted(item.path));
      lines.push("} || left_alone=1");
    });
    lines.push("exit $left_alone", "");
    save("move-copies.sh", new Blob(lines.flatMap((line) => [...bytesOfText(line), "\n"])), "text/x-shellscript");
    say("move-copies.sh", "sh move-copies.sh FOLDER");
  }

  // What was saved, where it is, and what comes next: at the lower edge, so that it is seen wherever the page stands.
  function say(file, command) {
    const close = make("button", {type: "button"}, "Close");
    close.addEventListener("click", () => $("next").replaceChildren());
    const words = file === null
      ? [make("p", {}, "There is nothing to move away: all files are kept.")]
      : [make("p", {}, make("b", {}, file), " is where your browser saves downloads. Nothing has moved yet. In that folder, this "
          + "moves the copies, and deletes nothing:"), make("p", {}, make("code", {}, command))];
    $("next").replaceChildren(make("div", {className: "toast"}, make("div", {}, ...words), close));
  }

  // Pages

  function arrange() {
    const wanted = $("search").value.toLowerCase();
    order = data.groups.map((_, index) => index);
    if (wanted) order = order.filter((index) => data.groups[index].items.some((item) => item.path.toLowerCase().includes(wanted)));
    const worst = (index) => Math.max(...data.groups[index].items.map((item) => item.bits ?? -1));
    if ($("sort").value === "size") order.sort((a, b) => bytesOf(data.groups[b]) - bytesOf(data.groups[a]));
    if ($("sort").value === "doubt") order.sort((a, b) => worst(b) - worst(a));
    if ($("sort").value === "mine") order = order.filter((index) => choices.has(index));
    draw(0);
  }

  function draw(wanted, {scroll = false} = {}) {
    const pages = Math.max(1, Math.ceil(order.length / PER_PAGE));
    page = Math.min(Math.max(0, wanted), pages - 1);
    const shown = order.slice(page * PER_PAGE, (page + 1) * PER_PAGE);
    $("groups").replaceChildren(...shown.map(section));
    $("where").textContent = order.length ? "Page " + (page + 1) + " of " + pages : "No group has that";
    $("back").disabled = page === 0;
    $("forth").disabled = page === pages - 1;
    document.querySelector(".pager").classList.toggle("single", pages === 1 && order.length > 0);
    if (scroll) $("main").scrollIntoView();
  }

  // Keys

  function step(by) {
    const sections = [...document.querySelectorAll(".group")];
    if (!sections.length) return;
    const now = sections.indexOf(document.activeElement.closest(".group"));
    const next = now + by;
    if (now >= 0 && next >= sections.length && !$("forth").disabled) { draw(page + 1); return focus(0); }
    if (now >= 0 && next < 0 && !$("back").disabled) { draw(page - 1); return focus(-1); }
    focus(Math.min(Math.max(0, now < 0 ? 0 : next), sections.length - 1));
  }

  function focus(place) {
    const element = [...document.querySelectorAll(".group")].at(place);
    const input = element.querySelector("input:checked") ?? element.querySelector("input");
    input.focus({preventScroll: true});
    element.scrollIntoView({block: "center"});
  }

  function pressed(key) {
    const element = document.activeElement.closest(".group");
    if (key === "j") return step(1);
    if (key === "k") return step(-1);
    if (key === "n") return draw(page + 1, {scroll: true});
    if (key === "p") return draw(page - 1, {scroll: true});
    if (key === "/") return $("search").focus();
    if (key === "s") return $("json").disabled ? say(null) : saveChoices();
    if (!element || !/^[0-9]$/.test(key)) return;
    const index = Number(element.dataset.index), group = data.groups[index];
    if (key === "0") choose(index, ALL);
    else if (group.reference && key === "1") choose(index, NONE);
    else if (!group.reference && Number(key) <= group.items.length) choose(index, Number(key) - 1);
    else return;
    element.querySelector("input:checked")?.focus();
  }

  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input[type=search], select");
    if (typing && event.key === "Escape") event.target.blur();
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if ("jknp/s0123456789".includes(event.key)) { event.preventDefault(); pressed(event.key); }
  });
  document.addEventListener("change", (event) => {
    const element = event.target.closest(".group");
    if (element) choose(Number(element.dataset.index), event.target.value);
  });
  $("search").addEventListener("input", arrange);
  $("sort").addEventListener("change", arrange);
  $("back").addEventListener("click", () => draw(page - 1, {scroll: true}));
  $("forth").addEventListener("click", () => draw(page + 1, {scroll: true}));
  $("json").addEventListener("click", saveChoices);
  $("script").addEventListener("click", saveScript);
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("img[data-waits]").forEach(fill));

  try {
    for (const [index, choice] of JSON.parse(localStorage.getItem(store) ?? "[]")) {
      const group = Number.isInteger(index) ? data.groups[index] : undefined;
      const is_place = Number.isInteger(choice) && group?.items[choice] !== undefined;
      if (group && (choice === ALL || (is_place && !group.reference))) choices.set(index, choice);
    }
  } catch { /* none, then */ }
  document.querySelector(".bar").hidden = false;
  arrange();
  tell();
  requestAnimationFrame(() => performance.mark("synsift-first-groups"));
})();
