// The recording and its transcript: a time seeks the player, and the line that is heard is marked.
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
  const shown = JSON.stringify(data.lines);
  if (list.dataset.shown !== shown) {
    list.dataset.shown = shown;
    list.replaceChildren(...data.lines.map((line) => row(line, audio)));
  }
  const rows = [...list.children];
  audio.ontimeupdate = () => {
    data.lines.forEach((line, index) =>
      rows[index].classList.toggle("now", !audio.paused && line.start <= audio.currentTime && audio.currentTime < line.end)
    );
  };
}

function row(line, audio) {
  const item = document.createElement("li");
  const time = document.createElement("button");
  const text = document.createElement("span");
  time.type = "button";
  time.textContent = line.time;
  time.setAttribute("aria-label", `Play from ${line.time}`);
  time.onclick = () => {
    audio.currentTime = line.start;
    audio.play();
  };
  if (line.speaker) {
    const speaker = document.createElement("b");
    speaker.textContent = `${line.speaker}:`;
    text.append(speaker);
  }
  text.append(line.text);
  item.append(time, text);
  return item;
}
