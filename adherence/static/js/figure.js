// The controls of the moving figure. What is drawn is in figure_scene.js, fetched with three.js only
// when it is wanted. Until then, and wherever it cannot be, the still pictures of the page stand.

const SPEEDS = [0.25, 0.5, 0.75, 1];
const TURN = 30;
const TILT = 10;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const draws = () => {
  const canvas = document.createElement("canvas");
  const gl = canvas.getContext("webgl2") ?? canvas.getContext("webgl");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return gl !== null;
};

const begin = (section) => {
  const find = (selector) => section.querySelector(selector);
  const [stage, bar, steps] = [find(".moving-stage"), find(".moving-bar"), find(".moving-steps")];
  const [view, now, said] = [find(".moving-view"), find(".moving-now"), find("[data-said]")];
  const [wait, unable, stepWords] = [find(".moving-wait"), find(".moving-unable"), find(".moving-step")];
  const pictures = [...section.querySelectorAll(".moving-frames > li")];
  const words = JSON.parse(section.dataset.words);
  let motion = JSON.parse(section.dataset.motion);
  let scene = null; // what draws, while there is one
  let loading = null;
  let seconds = 0;
  let speed = 1;
  let turn = 0;
  let tilt = 0;
  let mirrored = section.dataset.mirrored === "true";
  let before = 0; // when the last frame was drawn, milliseconds; 0 while nothing runs
  let picture = 0;
  let isSeen = false;
  let wasOpen = false;
  let isPlaying = false;

  const say = (...sentences) => {
    said.textContent = sentences.join(" ");
  };

  const viewWords = () => words.views[Math.round(turn / 45) % 8];

  const shows = () => {
    const state = section.dataset.state;
    stage.hidden = state === "stills" || state === "steps";
    bar.hidden = state === "steps";
    steps.hidden = unable.hidden = state !== "steps";
    wait.hidden = state !== "loading";
    for (const button of bar.querySelectorAll("button")) {
      button.hidden = state === "stills" && button.dataset.do !== "play";
      button.disabled = state === "loading";
    }
    find('[data-do="slower"]').setAttribute("aria-disabled", speed === SPEEDS[0]);
    find('[data-do="faster"]').setAttribute("aria-disabled", speed === SPEEDS.at(-1));
    find('[data-do="mirror"]').setAttribute("aria-pressed", mirrored);
    find('[data-do="play"] [data-word]').textContent = isPlaying ? words.pause : words.play;
    for (const sign of section.querySelectorAll("[data-when]")) {
      sign.hidden = (sign.dataset.when === "playing") !== isPlaying;
    }
    section.dataset.speed = speed;
    section.dataset.turn = Math.round(turn);
    section.dataset.mirrored = mirrored;
    view.setAttribute("aria-valuenow", Math.round(turn) % 360);
    view.setAttribute("aria-valuetext", viewWords());
    if (state === "steps") {
      for (const [number, item] of pictures.entries()) item.hidden = number !== picture;
      stepWords.textContent = `${picture + 1} / ${pictures.length}`;
      find('[data-do="back"]').setAttribute("aria-disabled", picture === 0);
      find('[data-do="next"]').setAttribute("aria-disabled", picture === pictures.length - 1);
    }
  };

  const enter = (state) => {
    section.dataset.state = state;
    shows();
  };

  const draw = () => {
    if (!scene) return;
    const phase = scene.draw(seconds, turn, tilt, mirrored);
    if (section.dataset.phase !== phase) section.dataset.phase = phase;
    const told = [words.phases[phase]];
    if (speed < 1) told.push(words.speeds[speed]);
    if (mirrored) told.push(words.sides[1]);
    const text = told.join(" · ");
    if (now.textContent !== text) now.textContent = text;
  };

  const step = (time) => {
    if (!isPlaying || !isSeen || document.hidden || !scene) {
      before = 0;
      return;
    }
    if (before) seconds = (seconds + (Math.min(100, time - before) / 1000) * speed) % scene.lasts;
    before = time;
    draw();
    requestAnimationFrame(step);
  };

  const run = () => {
    if (!before && isPlaying && isSeen && !document.hidden && scene) requestAnimationFrame(step);
  };

  const giveUp = () => {
    scene?.close();
    scene = null;
    isPlaying = false;
    enter("steps");
  };

  const open = async () => {
    enter("loading");
    try {
      const [{ openScene }, skeleton] = await Promise.all([
        import(section.dataset.scene),
        fetch(section.dataset.skeleton).then((answer) => answer.json()),
        import(section.dataset.three), // exports nothing: its names are in globalThis.THREE
      ]);
      // A canvas that gave its context back never gets another.
      const canvas = find("canvas").cloneNode();
      find("canvas").replaceWith(canvas);
      canvas.addEventListener("webglcontextlost", () => scene?.canvas === canvas && giveUp());
      stage.hidden = false; // it has no size before
      scene = openScene(globalThis.THREE, canvas, skeleton, motion);
      if (!wasOpen) {
        turn = mirrored ? -scene.turn : scene.turn;
        tilt = scene.tilt;
        wasOpen = true;
        turnBy(0);
      }
    } catch {
      giveUp();
    }
    return scene !== null;
  };

  const play = async (isAsked) => {
    if (!scene) {
      loading ??= open();
      const opened = await loading;
      loading = null;
      if (!opened) return;
    }
    isPlaying = true;
    enter("playing");
    if (isAsked) say(words.playing, `${words.speeds[speed]}.`);
    draw();
    run();
  };

  const pause = (isAsked) => {
    isPlaying = false;
    enter("paused");
    if (isAsked) say(words.paused);
    draw();
  };

  const turnBy = (degrees, up = 0) => {
    turn = (((turn + degrees) % 360) + 360) % 360;
    tilt = Math.min(80, Math.max(-10, tilt + up));
    shows();
    draw();
  };

  const speedBy = (by) => {
    const wanted = SPEEDS.indexOf(speed) + by;
    if (wanted in SPEEDS) speed = SPEEDS[wanted];
    say(`${words.speeds[speed]}.`);
    shows();
    draw();
  };

  const stepBy = (by) => {
    if (picture + by in pictures) picture += by;
    const word = pictures[picture].lastElementChild.textContent;
    const told = { number: picture + 1, total: pictures.length, word };
    say(words.step.replace(/{(\w+)}/g, (_, name) => told[name]));
    shows();
  };

  const does = {
    play: () => (isPlaying ? pause(true) : play(true)),
    restart: () => {
      seconds = 0;
      say(words.again);
      play(false);
    },
    slower: () => speedBy(-1),
    faster: () => speedBy(1),
    "turn-left": () => (turnBy(TURN), say(`${viewWords()}.`)),
    "turn-right": () => (turnBy(-TURN), say(`${viewWords()}.`)),
    mirror: () => {
      mirrored = !mirrored;
      turnBy(-2 * turn);
      say(`${words.sides[Number(mirrored)]}.`);
    },
    back: () => stepBy(-1),
    next: () => stepBy(1),
  };

  section.addEventListener("click", (event) => {
    does[event.target.closest("[data-do]")?.dataset.do]?.();
  });

  const keys = {
    ArrowLeft: [TURN / 2, 0],
    ArrowRight: [-TURN / 2, 0],
    ArrowUp: [0, TILT],
    ArrowDown: [0, -TILT],
  };
  view.addEventListener("keydown", (event) => {
    if (event.key in keys) turnBy(...keys[event.key]);
    else if (event.key === "Home") turnBy(-turn);
    else if (event.key === " ") does.play();
    else return;
    event.preventDefault();
  });

  let held = null;
  view.addEventListener("pointerdown", (event) => {
    held = [event.clientX, event.clientY];
    view.setPointerCapture(event.pointerId);
  });
  view.addEventListener("pointermove", (event) => {
    if (!held) return;
    const up = event.pointerType === "mouse" ? event.clientY - held[1] : 0;
    turnBy((held[0] - event.clientX) / 2, up / 3);
    held = [event.clientX, event.clientY];
  });
  for (const end of ["pointerup", "pointercancel"]) view.addEventListener(end, () => (held = null));

  section.addEventListener("figure:motion", (event) => {
    motion = event.detail;
    scene?.show(motion);
    draw();
  });
  section.addEventListener("figure:at", async (event) => {
    seconds = event.detail;
    if (!scene) await play(false);
    if (scene) pause(false);
  });

  const repaint = () => {
    scene?.paint();
    draw();
  };
  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
    matchMedia(query).addEventListener("change", repaint);
  }
  calm.addEventListener("change", () => calm.matches && isPlaying && pause(false));
  document.addEventListener("visibilitychange", run);
  new ResizeObserver(() => {
    scene?.fit();
    draw();
  }).observe(stage);

  // A page that is left gives its share of the graphics card back; one that is returned to, from the
  // browser's memory, shows its pictures until the figure is asked for.
  addEventListener("pagehide", () => {
    scene?.close();
    scene = null;
    isPlaying = false;
    if (section.dataset.state !== "steps") enter("stills");
  });

  if (!draws()) {
    giveUp();
    return;
  }
  shows();
  let isFirst = true;
  new IntersectionObserver(([entry]) => {
    isSeen = entry.isIntersecting;
    if (isSeen && isFirst && !calm.matches && !navigator.connection?.saveData) play(false);
    if (isSeen) isFirst = false;
    run();
  }).observe(section);
};

for (const section of document.querySelectorAll("[data-figure]")) begin(section);
