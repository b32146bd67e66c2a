// The recording and its transcript: a time or a word seeks the player, and the line that is heard is marked.
const SETTING = "transcript-desk.show-uncertain";

export default function (component) {
  const { data, parentElement: root } = component;
  const audio = root.querySelector("audio");
  const list = root.querySelector("ol");
  audio.setAttribute("aria-label", data.label);
  // Relative, so that it works behind any host and path prefix: pages lie one level below the root
  const address = new URL(data.address, location.href).href;
  if (audio.src !== address) audio.src = address;
  audio.onerror = () => {
    audio.hidden = true;
    root.querySelector(".missing").hidden = false;
  };
  const shown = JSON.stringify([data.speakers, data.lines]);
  if (list.shown !== shown) {
    list.shown = shown;
    const scrolled = list.scrollTop;
    list.replaceChildren(...rows(data));
    list.scrollTop = scrolled; // only names have changed
  }
  // One listener for all words
  list.onclick = (event) => {
    const at = event.target.closest("[data-at]")?.dataset.at;
    const selection = list.getRootNode().getSelection?.() ?? getSelection();
    if (at === undefined || (selection && !selection.isCollapsed)) return; // words are selected to be copied
    audio.currentTime = Number(at);
    audio.play();
  };
  offerUncertain(root, data.lines.some((line) => line.uncertain.length));
  let heard = null;
  audio.ontimeupdate = () => {
    const now = audio.paused ? -1 : data.lines.findIndex((line) => line.start <= audio.currentTime && audio.currentTime < line.end);
    const row = now < 0 ? null : list.children[now];
    if (row === heard) return;
    heard?.classList.remove("now");
    row?.classList.add("now");
    heard = row;
  };
  audio.onpause = audio.ontimeupdate;
}

function offerUncertain(root, any) {
  const label = root.querySelector(".options label");
  const box = label.querySelector("input");
  const mark = () => root.querySelector(".player").classList.toggle("uncertain", box.checked);
  label.hidden = !any;
  box.checked = remembered() !== "no";
  box.onchange = () => {
    remember(box.checked ? "yes" : "no");
    mark();
  };
  mark();
}

// A browser may forbid it to a page
function remembered() {
  try {
    return localStorage.getItem(SETTING);
  } catch {
    return null;
  }
}

function remember(value) {
  try {
    localStorage.setItem(SETTING, value);
  } catch {
    // it holds until the page is left
  }
}

function rows({ lines, speakers }) {
  return lines.map((line, index) => row(line, speakers, index === 0 || lines[index - 1].speaker !== line.speaker));
}

function row(line, speakers, begins) {
  const item = document.createElement("li");
  if (line.speaker !== null) {
    item.className = `spoken voice-${line.speaker % 6}`;
    if (begins) item.append(element("b", speakers[line.speaker]));
  }
  const time = element("button", line.time);
  time.type = "button";
  time.dataset.at = line.start;
  time.setAttribute("aria-label", `Play from ${line.time}`);
  const text = document.createElement("span");
  text.append(...words(line));
  item.append(time, text);
  return item;
}

// The line's text, cut where words begin and end: what is between them stays text
function words({ text, words, start, uncertain }) {
  const parts = [];
  const percents = new Map();
  for (let at = 0; at < uncertain.length; at += 2) percents.set(uncertain[at], uncertain[at + 1]);
  let end = 0;
  for (let at = 0; at < words.length; at += 3) {
    const begin = end + words[at];
    if (begin > end) parts.push(text.slice(end, begin));
    end = begin + words[at + 1];
    const percent = percents.get(at / 3);
    const word = element(percent === undefined ? "span" : "mark", text.slice(begin, end));
    if (percent !== undefined) word.title = `Uncertain: ${percent} %`;
    word.dataset.at = (start + words[at + 2] / 100).toFixed(2);
    parts.push(word);
  }
  parts.push(text.slice(end));
  return parts;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
