"use strict";
// What the pages that are served share: elements, words, and talk with the server.
const asking = (() => {
  const $ = (id) => document.getElementById(id);
  let busy = false;

  function make(name, properties, ...children) {
    const element = Object.assign(document.createElement(name), properties || {});
    element.append(...children);
    return element;
  }

  function printable(text) {
    return String(text).replace(/(?![\u200c\u200d])[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");
  }

  function counted(number, one, many) {
    return number.toLocaleString("en") + " " + (number === 1 ? one : many);
  }

  async function ask(path, body) {
    let answer;
    try {
      answer = await fetch(path, body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    } catch {
      throw new Error("The server doesn't answer: is its command still running? Nothing is lost.");
    }
    if (answer.status === 403) throw new Error("The server has another key now: open the address that it printed.");
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error([said.error || "The server failed (" + answer.status + ").", said.hint].filter(Boolean).join(" "));
    return said;
  }

  function complain(error) {
    $("say").textContent = printable(error.message);
    $("say").classList.add("problem");
  }

  async function carefully(work) {
    if (busy) return;
    busy = true;
    document.body.setAttribute("aria-busy", "true");
    try {
      await work();
    } catch (error) {
      complain(error);
    } finally {
      busy = false;
      document.body.removeAttribute("aria-busy");
    }
  }

  // For clicks: the second of a double one is meant for what is gone by then.
  const once = (work) => (event) => { if (event.detail < 2) carefully(work); };

  return { $, make, printable, counted, ask, complain, carefully, once };
})();
