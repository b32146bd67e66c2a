// Sends each file to the API as it is read from disk, so that neither the browser nor the server holds it in memory.
// What is uploaded lies in Postgres: Python lists it; this box only shows what is still on its way or was refused.
const AT_ONCE = 3;

// One for the tab: uploads go on, and their rows come back, when the coach looks at another page meanwhile
const list = document.createElement("ul");
list.className = "sending";
list.setAttribute("aria-live", "polite");
list.setAttribute("aria-label", "Files being uploaded");
const waiting = [];
const running = new Set();
let component = null;

export default function (latest) {
  component = latest;
  const { data, parentElement: root } = latest;
  const box = root.querySelector(".box");
  if (!box.contains(list)) mount(box);
  const input = box.querySelector("input");
  input.accept = data.accept;
  input.setAttribute("aria-label", `Recordings to upload. ${data.limits}`);
  box.querySelector(".limits").textContent = data.limits;
  for (const row of list.querySelectorAll("li.done")) {
    if (data.kept.includes(row.dataset.upload)) row.remove();
  }
}

function mount(box) {
  const input = box.querySelector("input");
  const drop = box.querySelector(".drop");
  box.append(list);
  input.onchange = () => {
    choose([...input.files]);
    input.value = "";
  };
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    choose([...event.dataTransfer.files]);
  });
}

window.addEventListener("beforeunload", (event) => {
  if (running.size || waiting.length) event.preventDefault();
});

function choose(files) {
  const { data } = component;
  if (files.length > data.most_files) {
    refuse(addRow(`${files.length} files`), data.sentences.too_many, null);
    return;
  }
  for (const file of files) {
    const row = addRow(file.name);
    if (file.size === 0) refuse(row, data.sentences.empty, null);
    else if (file.size > data.most_bytes) refuse(row, data.sentences.too_large, null);
    else queue(file, row);
  }
  next();
}

function queue(file, row) {
  say(row, "Waiting for its turn…");
  action(row, "Cancel", () => {
    const place = waiting.findIndex((one) => one.row === row);
    if (place >= 0) waiting.splice(place, 1);
    row.remove();
  });
  waiting.push({ file, row });
}

function next() {
  while (running.size < AT_ONCE && waiting.length) send(waiting.shift());
}

function send({ file, row }) {
  const request = new XMLHttpRequest();
  const body = new FormData();
  body.append("file", file, file.name);
  running.add(request);
  request.responseType = "text";
  request.upload.onprogress = (event) => {
    if (event.lengthComputable) progress(row, event.loaded / event.total, file.size);
  };
  request.upload.onload = () => {
    row.classList.add("checking");
    say(row, "Uploaded. Checking the recording…");
  };
  request.onload = () => {
    const answer = parsed(request.responseText);
    if (request.status >= 200 && request.status < 300 && answer) arrived(row, answer);
    else refuse(row, sentence(answer, request.status), request.status >= 500 ? () => again(file, row) : null);
  };
  request.onerror = () =>
    refuse(row, "The connection broke while uploading. Check the network, then try again.", () => again(file, row));
  request.onabort = () => row.remove();
  request.onloadend = () => {
    running.delete(request);
    next();
  };
  // Relative, so that it works behind any host and path prefix: pages lie one level below the root
  request.open("POST", "api/v1/uploads");
  request.setRequestHeader("Accept", "application/json, application/problem+json");
  action(row, "Cancel", () => request.abort());
  progress(row, 0, file.size);
  request.send(body);
}

function again(file, row) {
  row.classList.remove("refused", "checking");
  queue(file, row);
  next();
}

function arrived(row, answer) {
  row.classList.remove("checking");
  row.classList.add("done");
  row.dataset.upload = answer.upload_id ?? answer.id;
  row.querySelector("button")?.remove();
  say(row, "Uploaded");
  component.setTriggerValue("uploaded", row.dataset.upload);
}

function sentence(answer, status) {
  if (answer?.title) return answer.detail && answer.detail !== answer.title ? `${answer.title} ${answer.detail}` : answer.title;
  if (status === 413) return component.data.sentences.too_large;
  return `The upload was not accepted (${status}). Please try again.`;
}

function refuse(row, text, retry) {
  row.classList.remove("checking");
  row.classList.add("refused");
  say(row, text);
  if (retry) action(row, "Try again", retry);
  else action(row, "Dismiss", () => row.remove());
}

function addRow(name) {
  const row = document.createElement("li");
  row.innerHTML = '<span class="name"></span><button type="button"></button><div class="bar" role="progressbar" ' +
    'aria-valuemin="0" aria-valuemax="100" aria-valuenow="0"><i></i></div><span class="said"></span>';
  row.querySelector(".name").textContent = name;
  row.querySelector(".bar").setAttribute("aria-label", `Upload of ${name}`);
  list.append(row);
  return row;
}

function progress(row, share, size) {
  const percent = Math.floor(share * 100);
  row.querySelector(".bar").setAttribute("aria-valuenow", percent);
  row.querySelector(".bar i").style.width = `${percent}%`;
  say(row, `${percent} % of ${(size / 1e6).toFixed(1)} MB`);
}

function say(row, text) {
  row.querySelector(".said").textContent = text;
}

function action(row, label, act) {
  let button = row.querySelector("button");
  if (!button) {
    button = document.createElement("button");
    button.type = "button";
    row.querySelector(".name").after(button);
  }
  button.textContent = label;
  button.setAttribute("aria-label", `${label}: ${row.querySelector(".name").textContent}`);
  button.onclick = act;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
