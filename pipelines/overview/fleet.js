"use strict";
// The fleet's page: asks every two seconds what is so, and writes it down.
(() => {
  const { $, make, printable, counted, ask } = asking, EVERY_MS = 2000;
  const number = (value) => Math.round(value).toLocaleString("en");
  const rate = (value) => (value >= 10 ? number(value) : value > 0 ? value.toFixed(1) : "–");

  function row(head, cells, kind) {
    const line = make("tr", { className: kind || "" }, head);
    line.append(...cells.map((cell) => (cell instanceof Node ? cell : make("td", { textContent: cell }))));
    return line;
  }

  function head(text, small) {
    const cell = make("th", { scope: "row", textContent: printable(text) });
    if (small) cell.append(make("small", { textContent: printable(small) }));
    return cell;
  }

  function rows(id, lines) {
    $(id).tBodies[0].replaceChildren(...lines);
  }

  // In the order of what is to be done first.
  function about(stage) {
    if (stage.lag && !stage.workers) return ["no worker: nothing happens here", true];
    if (stage.lag > 1000 && stage.largest > stage.lag / 2) return ["more than half waits in one partition", false];
    if (stage.lag && !stage.per_s) return [stage.stage === "fetch" ? "waits for hosts" : "stands still", false];
    if (stage.lag && stage.per_s) return ["done in " + lasting(stage.lag / stage.per_s) + " at this rate", false];
    if (stage.is_whole && stage.workers) return ["one counts, others stand by", false];
    return [stage.workers ? "nothing waits" : "", false];
  }

  function lasting(seconds) {
    for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
      if (seconds >= 2 * size) return counted(Math.round(seconds / size), unit, unit + "s");
    }
    return counted(Math.max(1, Math.round(seconds)), "second", "seconds");
  }

  function stageRow(stage) {
    const [text, alert] = about(stage);
    const line = row(head(stage.stage), [number(stage.workers), number(stage.lag), rate(stage.per_s), number(stage.done),
      make("td", { className: "what", textContent: text })], alert ? "alert" : "");
    line.title = stage.members.join("\n");
    return line;
  }

  function synsetRow(synset) {
    return row(head(synset.name, synset.name === synset.wnid ? "" : synset.wnid),
      ["found", "fetched", "refused", "copies", "unique", "landed"].map((name) => number(synset[name])),
      synset.is_moving ? "moving" : "");
  }

  function picture(one) {
    const image = make("img", { src: "small/" + one.sha256, alt: printable(one.title), title: printable(one.title + ", " + one.source) });
    image.addEventListener("error", () => image.replaceWith(make("span", { className: "missing", textContent: "can't be shown" })));
    return make("figure", {}, image, make("figcaption", { textContent: printable(one.name) }));
  }

  const THINGS = { sha256: "file", url: "URL", fingerprint: "picture" };

  function controlRow(one) {
    const done = { pause: "paused", drop: "dropped", block: "blocked" }[one.action] || one.action + " " + one.value;
    const what = (THINGS[one.subject] || one.subject) + " " + one.target;
    return row(head(what, done), [new Date(one.at).toLocaleString(), printable(one.who),
      make("td", { className: "what", textContent: printable(one.why) })], "");
  }

  function steeredHint(view) {
    const words = [];
    const more = view.controls_in_all - view.controls.length;
    if (more > 0) words.push(counted(view.controls_in_all, "thing", "things") + "; what was said last is shown, synsift controls lists all.");
    if (view.taken_down) words.push(counted(view.taken_down, "image is", "images are") + " taken down, and kept out.");
    return words.join(" ");
  }

  function inAll(numbers) {
    return Object.entries(numbers).map(([topic, n]) => number(n) + " of " + topic).join(", ");
  }

  let shown = "";

  function show(view) {
    $("say").textContent = "As of " + new Date(view.at).toLocaleTimeString() + ", from the log; every two seconds.";
    rows("stages", view.stages.map(stageRow));
    rows("synsets", view.synsets.map(synsetRow));
    const more = view.synsets_in_all - view.synsets.length;
    $("how-many").textContent = !view.synsets_in_all ? "No synset yet: synsift plan makes a beginning."
      : counted(view.synsets_in_all, "synset", "synsets") + (more > 0 ? "; those that changed last are shown." : "; those that changed last come first.");
    // Pictures are left alone while they are the same: else they flicker.
    const newest = view.newest.map((one) => one.sha256).join();
    if (newest !== shown) {
      $("newest").replaceChildren(...view.newest.map(picture));
      shown = newest;
    }
    if (!view.newest.length) $("newest").replaceChildren(make("p", { className: "hint", textContent: "No image has survived yet." }));
    rows("hosts", view.hosts.map((host) => row(head(host.host, host.cause), [new Date(host.until).toLocaleTimeString(), number(host.failures)])));
    $("hosts-hint").textContent = view.hosts_in_all
      ? counted(view.hosts_in_all, "host is", "hosts are") + " left alone for now; their URLs wait." : "None: no host is left alone.";
    rows("letters", view.letters.map((one) => row(head(one.outcome), [one.stage, number(one.number)])));
    $("letters-hint").textContent = view.letters_in_all
      ? counted(view.letters_in_all, "input", "inputs") + " came to no output; synsift dead-letters replay tries again."
        + (view.kinds_of_letters > view.letters.length ? " The most frequent kinds are shown, " + view.letters.length + " of " + view.kinds_of_letters + "." : "") : "None: all inputs came to an output.";
    $("hosts-table").hidden = !view.hosts.length;
    $("letters-table").hidden = !view.letters.length;
    $("steered").hidden = !view.controls_in_all && !view.taken_down;
    $("controls-table").hidden = !view.controls.length;
    rows("controls", view.controls.map(controlRow));
    $("controls-hint").textContent = steeredHint(view);
    const lost = inAll(view.lost), unread = inAll(view.unread);
    $("lost").hidden = !lost;
    $("lost").textContent = "The log deleted inputs before they were done: " + lost + ". Plan them again.";
    $("unread").hidden = !unread;
    $("unread").textContent = "Records that can't be read are passed by: " + unread + ". synsift log check lists them.";
  }

  async function look() {
    try {
      show(await ask("api/view"));
      $("say").classList.remove("problem");
      document.body.classList.remove("stale");
    } catch (error) {
      $("say").textContent = printable(error.message);
      $("say").classList.add("problem");
      document.body.classList.add("stale");
    }
    setTimeout(look, EVERY_MS);
  }

  look();
})();
