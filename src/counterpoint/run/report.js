"use strict";
// One clock a column: film and sound play together, the cursor runs over every lane, a click or an arrow key seeks.
for (const timeline of document.querySelectorAll(".timeline")) {
  const clock = timeline.querySelector(".clock");
  const cursor = timeline.querySelector(".cursor");
  const players = [...timeline.querySelectorAll("video, audio")];
  const start = Number(timeline.dataset.start);
  const length = Number(timeline.dataset.end) - start;
  const words = [...timeline.querySelectorAll(".word")];
  let leader = null;

  // Where there is sound, its player drives the film: no buttons on top of the picture, a click on it plays.
  if (players.some((player) => player.tagName === "AUDIO")) {
    for (const film of timeline.querySelectorAll("video")) {
      film.controls = false;
      film.addEventListener("click", () => (film.paused ? film.play() : (leader || film).pause()));
    }
  }

  const moment = (player) => Number(player.dataset.start) + player.currentTime;
  const show = (time) => {
    timeline.classList.add("playing");
    cursor.style.left = `${(100 * (time - start)) / length}%`;
    for (const word of words) {
      word.classList.toggle("now", time >= Number(word.dataset.from) && time < Number(word.dataset.to));
    }
  };
  const follow = (time, slack) => {
    for (const player of players) {
      const own = time - Number(player.dataset.start);
      if (player !== leader && Math.abs(player.currentTime - own) > slack) {
        player.currentTime = Math.min(Math.max(own, 0), player.duration || 0);
      }
    }
  };
  const run = () => {
    if (!leader) return;
    show(moment(leader));
    follow(moment(leader), 0.12);
    requestAnimationFrame(run);
  };
  for (const player of players) {
    player.addEventListener("play", () => {
      if (leader) return;
      leader = player;
      follow(moment(leader), 0.03);
      for (const other of players) if (other !== player) other.play().catch(() => {});
      run();
    });
    for (const event of ["pause", "ended"]) {
      player.addEventListener(event, () => {
        if (leader !== player) return;
        leader = null;
        for (const other of players) if (other !== player) other.pause();
      });
    }
    player.addEventListener("seeked", () => {
      if (leader || player.matches(":focus") === false) return;
      show(moment(player));
    });
  }
  const seek = (time) => {
    const was = leader;
    leader = null;
    follow(time, 0);
    leader = was;
    show(time);
  };
  clock.tabIndex = 0;
  clock.setAttribute("role", "slider");
  clock.setAttribute("aria-label", "Moment on the clock, in seconds");
  clock.setAttribute("aria-valuemin", start);
  clock.setAttribute("aria-valuemax", start + length);
  clock.setAttribute("aria-valuenow", start);
  let at = start;
  const go = (time) => {
    at = Math.min(Math.max(time, start), start + length);
    clock.setAttribute("aria-valuenow", at.toFixed(2));
    seek(at);
  };
  clock.addEventListener("pointerdown", (event) => {
    const box = clock.getBoundingClientRect();
    go(start + (length * (event.clientX - box.left)) / box.width);
  });
  clock.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: length / 50, ArrowLeft: -length / 50 };
    if (event.key in steps) go(at + steps[event.key]);
    else if (event.key === " " && players.length) (leader ? leader.pause() : players[players.length - 1].play());
    else return;
    event.preventDefault();
  });
}

// A picture opens large; Escape or a click closes it.
const large = document.body.appendChild(document.createElement("dialog"));
large.addEventListener("click", () => large.close());
for (const picture of document.querySelectorAll("svg.picture")) {
  picture.tabIndex = 0;
  const open = () => {
    const copy = picture.cloneNode(true);
    copy.removeAttribute("tabindex");
    large.replaceChildren(copy);
    large.showModal();
  };
  picture.addEventListener("click", open);
  picture.addEventListener("keydown", (event) => { if (event.key === "Enter") open(); });
}
