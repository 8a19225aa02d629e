"use strict";
// The page of votes: shows a batch, takes marks by keys, clicks and taps, and hands them in.
// What it was told becomes text, never markup. Marks that are not handed in yet are kept by the browser.
(() => {
  const { $, make, printable, counted, ask, complain, carefully, once } = asking;
  const grid = $("grid"), KEPT = 50;
  let voter = localStorage.getItem("synsift-voter") || "";
  let batch = null, answers = new Map(), undone = [], brush = "yes", began = 0, voted = 0;
  let history = [], passed = [], ahead = [], timer = 0, left = 0, returning = false;

  function remember(name, value) {
    try {
      if (value === null) localStorage.removeItem(name);
      else localStorage.setItem(name, JSON.stringify(value));
    } catch { /* a browser that keeps nothing can still vote */ }
  }

  function recall(name, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(name)) ?? otherwise;
    } catch {
      return otherwise;
    }
  }

  const draft = () => "synsift-marks-" + voter + "-" + batch.id;
  const past = () => "synsift-past-" + voter;

  // A batch on the page

  async function load() {
    clearTimeout(timer);
    const query = new URLSearchParams([["voter", voter], ...passed.map((id) => ["passed", id])]);
    const said = await ask("api/batch?" + query);
    left = said.left;
    ahead = said.ahead || [];
    returning = false;
    show(said.batch, said.batch ? recall("synsift-marks-" + voter + "-" + said.batch.id, {}) : {});
    for (const sha of ahead) new Image().src = "small/" + sha;
    if (!said.batch) timer = setTimeout(() => carefully(load), 10000);
  }

  function show(next, marked) {
    batch = next;
    answers = new Map(Object.entries(marked));
    undone = [];
    brush = "yes";
    began = performance.now();
    $("who").hidden = true;
    $("nothing").hidden = Boolean(batch);
    grid.replaceChildren();
    for (const id of ["hand-in", "unimageable", "pass"]) $(id).disabled = !batch;
    drawHead();
    drawMarks();
    if (batch) drawGrid();
    else nothing();
    tell();
  }

  function nothing() {
    $("nothing").textContent = "Nothing is left for you to vote on, " + printable(voter) + ". "
      + "`synsift verify plan` makes more batches, and this page shows them when they are there.";
  }

  function drawHead() {
    const synset = batch && batch.synset;
    $("place").textContent = synset ? synset.wnid : "";
    $("name").textContent = synset ? printable(synset.name) : "synsift review";
    document.title = (synset ? printable(synset.name) + " · " : "") + "synsift review";
    $("others").textContent = synset && synset.others.length ? "also: " + printable(synset.others.join(", ")) : "";
    $("definition").textContent = synset ? printable(synset.definition) : "";
    const more = [];
    if (batch && batch.link) more.push(make("a", { href: batch.link, target: "_blank", rel: "noreferrer noopener", textContent: "article" }));
    if (batch && batch.rivals.length) {
      more.push((more.length ? " · " : "") + "not to be mistaken for: ");
      batch.rivals.forEach((rival, n) => {
        more.push((n ? "; " : "") + (n + 1) + " ", make("b", { textContent: printable(rival.name) }));
        if (rival.definition) more.push(" (" + printable(rival.definition) + ")");
      });
    }
    $("more").replaceChildren(...more);
  }

  function kinds() {
    const rivals = batch ? batch.rivals.map((rival, n) => ["other:" + rival.wnid, printable(rival.name), String(n + 1)]) : [];
    return [["yes", "yes", "space"], ["unsure", "unsure", "U"], ["broken", "broken", "B"], ...rivals];
  }

  function drawMarks() {
    $("marks").replaceChildren(...kinds().map(([value, text, key]) => {
      const button = make("button", { type: "button" }, text, make("kbd", { textContent: key }));
      button.setAttribute("role", "radio");
      button.setAttribute("aria-checked", String(value === brush));
      button.addEventListener("click", () => { brush = value; drawMarks(); });
      return button;
    }));
  }

  function drawGrid() {
    batch.images.forEach((sha, n) => {
      const image = make("img", { src: "small/" + sha, alt: "candidate " + (n + 1), draggable: false, decoding: "async" });
      const cell = make("div", { className: "cell", tabIndex: n ? -1 : 0 }, image, make("span", { className: "mark" }));
      image.addEventListener("error", () => cell.classList.add("gone"));
      cell.setAttribute("role", "gridcell");
      cell.dataset.sha = sha;
      cell.addEventListener("click", () => { focus(cell); mark(sha, answers.get(sha) === brush ? null : brush); });
      cell.addEventListener("dblclick", () => enlarge(cell));
      cell.addEventListener("focus", () => rove(cell));
      const row = make("div", { className: "row" }, cell);
      row.setAttribute("role", "row");
      grid.append(row);
      draw(cell);
    });
    focus(cells()[0]);
  }

  const cells = () => [...grid.querySelectorAll(".cell")];
  const current = () => grid.querySelector('.cell[tabindex="0"]');

  function rove(cell) {
    const before = current();
    if (before) before.tabIndex = -1;
    cell.tabIndex = 0;
  }

  function focus(cell) {
    if (!cell) return;
    rove(cell);
    cell.focus({ preventScroll: false });
  }

  function draw(cell) {
    const answer = answers.get(cell.dataset.sha);
    const known = kinds().find(([value]) => value === answer);
    const words = answer === "yes" ? "✓ yes" : answer === "no" ? "no" : known ? known[1] : answer || "";
    if (answer && answer !== "no") cell.dataset.answer = answer;
    else delete cell.dataset.answer;
    cell.setAttribute("aria-selected", String(answer === "yes"));
    cell.querySelector(".mark").textContent = answer === "no" ? "" : words;
  }

  function set(sha, answer) {
    if (answer) answers.set(sha, answer);
    else answers.delete(sha);
    draw(grid.querySelector('.cell[data-sha="' + sha + '"]'));
  }

  function mark(sha, answer) {
    undone.push([[sha, answers.get(sha) || null]]);
    set(sha, answer);
    kept();
  }

  function markAll(answer) {
    undone.push(batch.images.map((sha) => [sha, answers.get(sha) || null]));
    for (const sha of batch.images) set(sha, answer);
    kept();
  }

  function kept() {
    remember(draft(), Object.fromEntries(answers));
    tell();
  }

  function tell() {
    $("say").classList.remove("problem");
    $("undo").disabled = !undone.length && !history.length;
    if (!batch) { $("say").textContent = ""; return; }
    const yes = [...answers.values()].filter((answer) => answer === "yes").length;
    const others = [...answers.values()].filter((answer) => answer !== "yes" && answer !== "no").length;
    $("say").textContent = "Mark every picture that shows it; what isn't marked counts as no. "
      + yes + " of " + batch.images.length + " yes" + (others ? ", " + others + " otherwise" : "") + ". "
      + (returning ? "This batch was handed in before. " : counted(left, "batch", "batches") + " left for you. ")
      + (voted ? counted(voted, "vote", "votes") + " of yours so far." : "");
  }

  // What a person does

  async function handIn(all) {
    const given = Object.fromEntries(batch.images.map((sha) => [sha, all || answers.get(sha) || "no"]));
    const body = { voter, task: batch.id, answers: given, took_s: (performance.now() - began) / 1000, changes: returning };
    const said = await ask("api/votes", body).catch(() => ask("api/votes", body)); // heard or not: the same votes count once
    voted += said.taken;
    remember(draft(), null);
    history = [...history.filter((one) => one.id !== batch.id), { id: batch.id, answers: given }].slice(-KEPT);
    remember(past(), history);
    await load();
    if (said.kept) {
      complain(new Error("Of that batch you had handed in " + counted(said.kept, "picture", "pictures") + " already, in another tab "
        + "or elsewhere, with another answer, which stands. Undo brings the batch back."));
    }
  }

  async function undo() {
    const last = undone.pop();
    if (last) {
      for (const [sha, answer] of last) set(sha, answer);
      focus(grid.querySelector('.cell[data-sha="' + last[0][0] + '"]'));
      kept();
      return;
    }
    const before = history.pop();
    if (!before) return;
    remember(past(), history);
    const said = await ask("api/again?task=" + encodeURIComponent(before.id));
    said.batch.images = said.batch.images.filter((sha) => sha in before.answers);
    returning = true;
    show(said.batch, before.answers);
  }

  function enlarge(cell) {
    $("whole").src = "large/" + cell.dataset.sha;
    $("whole").alt = cell.querySelector("img").alt;
    $("large").showModal();
  }

  function move(key, cell) {
    const all = cells(), at = all.indexOf(cell);
    const across = all.findIndex((one) => one.offsetTop > all[0].offsetTop);
    const columns = across < 0 ? all.length : across;
    const step = { ArrowLeft: -1, h: -1, ArrowRight: 1, l: 1, ArrowUp: -columns, k: -columns, ArrowDown: columns, j: columns }[key];
    if (key === "Home" || key === "End") focus(all[key === "Home" ? 0 : all.length - 1]);
    else if (step && all[at + step]) focus(all[at + step]);
    return Boolean(step) || key === "Home" || key === "End";
  }

  function press(key) {
    const cell = current();
    if (!cell) return false;
    const sha = cell.dataset.sha, toggle = (value) => mark(sha, answers.get(sha) === value ? null : value);
    if (move(key, cell)) return true;
    if (key === " " || key === "y") toggle("yes");
    else if (key === "n") mark(sha, null);
    else if (key === "u") toggle("unsure");
    else if (key === "b") toggle("broken");
    else if (key === "o") enlarge(cell);
    else if (key === "a") markAll("yes");
    else if (key === "A") markAll(null);
    else if (/^[1-9]$/.test(key) && batch.rivals[key - 1]) toggle("other:" + batch.rivals[key - 1].wnid);
    else return false;
    return true;
  }

  document.addEventListener("keydown", (event) => {
    const at = event.target;
    if (!voter || !$("who").hidden || $("large").open || at.closest("input:not([type=checkbox]), select, textarea")) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.shiftKey) {
      event.preventDefault();
      carefully(undo);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !batch) return;
    const handsIn = event.key === "Enter" || event.key === "PageDown";
    if (event.repeat && handsIn) { // a key that is held would hand in batches that nobody saw
      event.preventDefault();
      return;
    }
    if (at.closest("button, a, label, input") && (event.key === " " || event.key === "Enter")) return;
    if (handsIn) {
      event.preventDefault();
      carefully(() => handIn());
      return;
    }
    if (!$("shortcuts").checked && !grid.contains(at)) return;
    if (!$("shortcuts").checked && /^[a-z0-9]$/i.test(event.key)) return;
    if (press(event.key)) event.preventDefault();
  });

  $("hand-in").addEventListener("click", once(() => handIn()));
  $("undo").addEventListener("click", () => carefully(undo));
  $("unimageable").addEventListener("click", once(() => handIn("unimageable")));
  $("pass").addEventListener("click", once(async () => { passed = [...passed, batch.id].slice(-KEPT); await load(); }));
  $("change").addEventListener("click", () => { voter = ""; begin(); });
  $("blurred").addEventListener("change", () => document.body.classList.toggle("blurred", $("blurred").checked));
  $("large").addEventListener("click", () => $("large").close());
  $("large").addEventListener("close", () => { $("whole").removeAttribute("src"); focus(current()); });
  $("who").addEventListener("submit", (event) => {
    event.preventDefault();
    voter = $("voter").value.trim();
    if (voter) begin();
  });

  function begin() {
    if (!voter) {
      show(null, {});
      $("nothing").hidden = true;
      $("who").hidden = false;
      $("voter").focus();
      return;
    }
    try { localStorage.setItem("synsift-voter", voter); } catch { /* it is asked for again */ }
    history = recall(past(), []);
    carefully(load);
  }

  begin();
})();
