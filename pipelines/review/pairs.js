"use strict";
// The page of pairs: shows two pictures, and takes one answer by a key, a click or a tap.
(() => {
  const { $, make, printable, counted, ask, carefully, once } = asking, KEPT = 100;
  let voter = localStorage.getItem("synsift-voter") || "";
  let pair = null, left = 0, judged = 0, passed = [], before = [];

  const KEYS = { same: "s", different: "d", unsure: "u", first: "1", second: "2", both: "3", neither: "4" };

  function words(answer) {
    const [first, second] = pair.pictures.map((one) => printable(one.synset.name));
    return { same: "the same picture", different: pair.kind === "conflict" ? "not the same picture" : "different pictures",
      unsure: "unsure", first, second, both: "both", neither: "neither" }[answer];
  }

  async function load() {
    const query = new URLSearchParams([["voter", voter], ...passed.map((id) => ["passed", id])]);
    const said = await ask("api/pair?" + query);
    left = said.left;
    show(said.pair);
  }

  function show(next) {
    pair = next;
    $("pair").replaceChildren();
    $("answers").replaceChildren();
    $("reasons").replaceChildren();
    $("pass").disabled = !pair;
    $("undo").disabled = !before.length;
    $("say").classList.remove("problem");
    $("say").textContent = pair
      ? counted(left, "pair", "pairs") + " left" + (judged ? ", " + judged + " judged by you" : "") + "."
      : "No pair is left to judge.";
    if (!pair) {
      $("question").textContent = "";
      return;
    }
    $("title").textContent = pair.kind === "conflict" ? "Which of the two is it?" : "The same picture or not?";
    $("question").textContent = pair.kind === "conflict"
      ? "This picture, or a copy of it, stands under two synsets."
      : "The second was thrown out as a copy of the first, and hardly so: " + pair.score + " of 1.";
    $("pair").append(...pair.pictures.map((one, n) => {
      const image = make("img", { src: "large/" + one.sha256, alt: "picture " + (n + 1) });
      image.addEventListener("error", () => image.replaceWith(make("span", { className: "missing", textContent: "can't be shown" })));
      const name = make("b", { textContent: printable(one.synset.name) });
      return make("figure", {}, image, make("figcaption", {}, name, " " + printable(one.synset.definition)));
    }));
    $("answers").append(...pair.answers.map((answer) => {
      const button = make("button", { type: "button" }, words(answer), make("kbd", { textContent: KEYS[answer].toUpperCase() }));
      button.dataset.answer = answer;
      button.addEventListener("click", once(() => judge(answer)));
      return button;
    }));
    $("reasons").append(...pair.reasons.map((reason) => make("li", { textContent: printable(reason) })));
  }

  async function judge(answer) {
    const pictures = pair.pictures.map((one) => ({ wnid: one.synset.wnid, sha256: one.sha256 }));
    await ask("api/judge", { voter, pictures, answer });
    before = [...before, pair].slice(-KEPT);
    judged += 1;
    await load();
  }

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      event.preventDefault();
      if (before.length) show(before.pop());
      return;
    }
    if (!pair || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const answer = pair.answers.find((one) => KEYS[one] === event.key.toLowerCase());
    if (answer) carefully(() => judge(answer));
  });
  $("undo").addEventListener("click", () => before.length && show(before.pop()));
  $("pass").addEventListener("click", once(async () => { passed = [...passed, pair.id].slice(-KEPT); await load(); }));

  if (voter) carefully(load);
  else location.replace("/");
})();
