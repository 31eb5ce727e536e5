// Keeps a page of the admin up to date: the WebSocket says that something happened, and the parts
// of the page that are marked data-live are fetched anew. Without the socket it asks every 3 s; in a
// hidden tab it does nothing.

const page = document.querySelector("[data-live-part]");
const stateLine = page.querySelector("[data-live-state]");
const announcer = page.querySelector("[data-live-announce]");
const LEAST_PAUSE_MS = 500;
const POLL_MS = 3000;
const LONGEST_PAUSE_MS = 10000;

let socket = null;
let pause = 500;
let timers = {};
let isFetching = false;
let isAskedAgain = false;
let fetchedAt = 0;
let told = readProgress();

function say(text) {
  if (stateLine.textContent !== text) stateLine.textContent = text;
}

function later(name, delay, act) {
  clearTimeout(timers[name]);
  timers[name] = setTimeout(act, delay);
}

function readProgress() {
  const found = page.querySelector("[data-percent]");
  if (!found) return null;
  const { percent, failed, over } = found.dataset;
  return { quarter: Math.floor(Number(percent) / 25), failed: Number(failed), isOver: over === "1" };
}

function announce() {
  const now = readProgress();
  if (now && announcer) {
    if (now.failed && !told.failed) announcer.textContent = `${now.failed} failed`;
    else if (now.quarter > told.quarter) announcer.textContent = `${now.quarter * 25} % done`;
    told = now;
  }
}

function replace(fresh) {
  const focused = document.activeElement?.id;
  for (const part of page.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);
    if (!other || other.outerHTML === part.outerHTML) continue;
    part.replaceWith(document.adoptNode(other));
  }
  if (focused && document.activeElement?.id !== focused) {
    document.getElementById(focused)?.focus({ preventScroll: true });
  }
}

async function refresh() {
  if (isFetching) {
    isAskedAgain = true;
    return;
  }
  isFetching = true;
  isAskedAgain = false;
  try {
    const answer = await fetch(page.dataset.livePart, { headers: { "X-Part": "1" } });
    fetchedAt = Date.now();
    if (answer.redirected || answer.status === 403 || answer.status === 404) {
      say("not told any more: reload the page");
      stop();
      return;
    }
    if (answer.ok) {
      replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
      announce();
    }
  } catch {
    say("offline: as it was");
  } finally {
    isFetching = false;
    if (isAskedAgain) ask();
  }
}

function ask() {
  later("refresh", Math.max(LEAST_PAUSE_MS - (Date.now() - fetchedAt), 0), refresh);
}

function poll() {
  if (socket?.readyState !== WebSocket.OPEN && !document.hidden) {
    say("asking every 3 s");
    refresh();
  }
  later("poll", POLL_MS, poll);
}

function hearOrClose(seconds) {
  later("silence", seconds * 3000, () => socket?.close());
}

function connect() {
  if (document.hidden) return;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const line = new WebSocket(`${scheme}://${location.host}/ws/v1`);
  let heartbeat = 20;
  socket = line;
  line.onopen = () => line.send(JSON.stringify({ type: "subscribe", topics: [page.dataset.liveTopic] }));
  line.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "hello") heartbeat = message.heartbeat_s ?? heartbeat;
    hearOrClose(heartbeat);
    if (message.type === "ready") {
      pause = 500;
      say("live");
      ask();
    } else if (message.type === "error" || message.type === "gap") {
      line.close();
    } else if ("seq" in message || message.type === "queue_health") {
      ask();
    }
  };
  line.onclose = () => {
    if (socket !== line) return;
    socket = null;
    later("connect", pause, connect);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  };
}

function stop() {
  for (const timer of Object.values(timers)) clearTimeout(timer);
  const line = socket;
  socket = null;
  line?.close();
}

function start() {
  connect();
  later("poll", POLL_MS, poll);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    stop();
    say("as it was: the tab was hidden");
  } else {
    refresh();
    start();
  }
});
start();
