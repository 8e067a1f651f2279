// Draws the moving figure with three.js: the joints turn as the motion says, and one skin of rings is
// laid round them. Metres; x to the person's left, y up, z forward. Nothing here knows buttons or words.

const RAD = Math.PI / 180;

// ---------- the skeleton: joint angles to places ----------

const quaternion = (axis, degrees) => {
  const half = (degrees * RAD) / 2;
  const s = Math.sin(half);
  return [axis === "x" ? s : 0, axis === "y" ? s : 0, axis === "z" ? s : 0, Math.cos(half)];
};

const product = ([ax, ay, az, aw], [bx, by, bz, bw]) => [
  aw * bx + ax * bw + ay * bz - az * by,
  aw * by - ax * bz + ay * bw + az * bx,
  aw * bz + ax * by - ay * bx + az * bw,
  aw * bw - ax * bx - ay * by - az * bz,
];

const turned = ([x, y, z, w], [px, py, pz]) => {
  const tx = 2 * (y * pz - z * py);
  const ty = 2 * (z * px - x * pz);
  const tz = 2 * (x * py - y * px);
  return [px + w * tx + y * tz - z * ty, py + w * ty + z * tx - x * tz, pz + w * tz + x * ty - y * tx];
};

const plus = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const mix = (a, b, share) => a.map((value, i) => value + (b[i] - value) * share);

const blend = (a, b, share) => {
  const sign = a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3] < 0 ? -1 : 1;
  const q = a.map((value, i) => value + (sign * b[i] - value) * share);
  const size = Math.hypot(...q);
  return q.map((value) => value / size);
};

/** Where every joint is and how it is turned: name to { place, turn }. */
const posture = (skeleton, angles, place, turn) => {
  const found = {};
  for (const joint of skeleton.joints) {
    if (!joint.at) {
      found[joint.name] = { place, turn };
      continue;
    }
    const parent = found[joint.at];
    let whole = found[joint.turn].turn;
    const [stem, side] = joint.name.split(/_(?=[lr]$)/);
    const curl = skeleton.curl[stem];
    if (stem === "fingers_mid" || stem === "fingers_tip") {
      const bent = Math.max(0, angles[`fingers_${side}.flexion`] ?? 0) * curl;
      whole = product(whole, quaternion("z", side === "l" ? -bent : bent));
    } else if (stem === "thumb_tip") {
      whole = product(whole, quaternion("x", Math.max(0, angles[`thumb_${side}.flexion`] ?? 0) * curl));
    }
    for (const [movement, axis, sign] of joint.movements) {
      let degrees = angles[`${joint.name}.${movement}`] ?? 0;
      if (movement === "spread" || !degrees) continue;
      if (stem === "fingers" && movement === "flexion" && degrees > 0) degrees *= curl;
      whole = product(whole, quaternion(axis, sign * degrees));
    }
    found[joint.name] = { place: plus(parent.place, turned(parent.turn, joint.place)), turn: whole };
  }
  return found;
};

/** The angles, place and turn at a second of the motion, along straight lines between its samples. */
const sampled = (motion, seconds) => {
  const { times } = motion;
  let next = times.findIndex((time) => time > seconds);
  if (next < 1) next = next < 0 ? times.length - 1 : 1;
  const span = times[next] - times[next - 1];
  const share = span > 0 ? Math.min(1, Math.max(0, (seconds - times[next - 1]) / span)) : 0;
  const between = (list) => (list.length > 1 ? [list[next - 1], list[next]] : [list[0], list[0]]);
  const angles = {};
  for (const [name, list] of Object.entries(motion.angles)) {
    const [a, b] = between(list);
    angles[name] = a + (b - a) * share;
  }
  const [from, to] = between(motion.turn).map(([w, x, y, z]) => [x, y, z, w]);
  return { angles, place: mix(...between(motion.place), share), turn: blend(from, to, share) };
};

/** The figure at a second of a motion: its angles and where every joint is. */
export const posed = (skeleton, motion, seconds) => {
  const { angles, place, turn } = sampled(motion, seconds);
  return { angles, joints: posture(skeleton, angles, place, turn) };
};

// ---------- the skin: rings round the bones ----------
// A tube is a list of rings and marks. A ring: a joint, its middle in the joint's frame, half its
// width and half its depth, and, where the body bends, a second joint and its share in the turn. A
// mark says what the rings after it wear, or which zone of the body they are.

const ring = (joint, at, wide, deep, other = "", share = 0.5) => ({ joint, at, wide, deep, other, share });
const wears = (cloth) => ({ cloth });
const zone = (name) => ({ zone: name });

/** The rings of a tube: each with cloth and zone, a hem doubled, both ends rounded. */
const closed = (items, above, below) => {
  const rings = [];
  let [cloth, here] = ["skin", ""];
  for (const item of items) {
    if (item.cloth) {
      cloth = item.cloth;
      if (rings.length) rings.push({ ...rings.at(-1), cloth, isHem: true });
    } else if (item.zone) here = item.zone;
    else rings.push({ ...item, cloth, zone: here });
  }
  const cap = (end, way) =>
    [[0.45, 0.88], [0.8, 0.58], [1, 0.05]].map(([far, size]) => ({
      ...end,
      at: plus(end.at, way.map((value) => value * far)),
      wide: end.wide * size,
      deep: end.deep * size,
    }));
  return [...cap(rings[0], above).reverse(), ...rings, ...cap(rings.at(-1), below)];
};

const limbs = (side) => {
  const out = side === "l" ? 1 : -1;
  const j = (name) => `${name}_${side}`;
  const leg = closed(
    [
      wears("legs"),
      zone("hip"),
      ring("pelvis", [0.085 * out, 0.02, -0.004], 0.078, 0.098, j("hip"), 0.3),
      ring(j("hip"), [0.004 * out, -0.03, -0.006], 0.084, 0.097, "pelvis", 0.2),
      zone("thigh"),
      ring(j("hip"), [0.002 * out, -0.1, -0.002], 0.08, 0.09),
      ring(j("hip"), [0, -0.2, 0.003], 0.071, 0.079),
      ring(j("hip"), [0, -0.27, 0.004], 0.064, 0.07),
      ring(j("hip"), [0, -0.33, 0.004], 0.056, 0.061),
      zone("knee"),
      ring(j("hip"), [0, -0.375, 0.004], 0.052, 0.056),
      ring(j("knee"), [0, 0, 0.004], 0.05, 0.054, j("hip")),
      ring(j("knee"), [0, -0.045, 0], 0.047, 0.053),
      zone("shank"),
      ring(j("knee"), [0, -0.11, -0.01], 0.05, 0.058),
      ring(j("knee"), [0, -0.19, -0.01], 0.046, 0.053),
      ring(j("knee"), [0, -0.28, -0.004], 0.037, 0.041),
      zone("ankle"),
      ring(j("knee"), [0, -0.36, 0], 0.033, 0.038),
      ring(j("ankle"), [0, 0.004, -0.002], 0.035, 0.042, j("knee")),
    ],
    [0, 0.06, 0],
    [0, -0.03, 0],
  );
  const foot = closed(
    [
      wears("shoe"),
      zone("foot"),
      ring(j("ankle"), [0, -0.036, -0.038], 0.029, 0.029),
      ring(j("ankle"), [0, -0.033, -0.01], 0.034, 0.033),
      ring(j("ankle"), [0, -0.034, 0.03], 0.037, 0.031),
      ring(j("ankle"), [0, -0.041, 0.07], 0.041, 0.0245),
      ring(j("ankle"), [0, -0.0475, 0.1], 0.0435, 0.0188),
      ring(j("toes"), [0, 0, 0], 0.044, 0.0155, j("ankle")),
      ring(j("toes"), [0, -0.002, 0.03], 0.041, 0.0132),
      ring(j("toes"), [-0.002 * out, -0.003, 0.05], 0.034, 0.012),
    ],
    [0, 0, -0.024],
    [0, 0, 0.018],
  );
  const yoke = closed(
    [
      wears("top"),
      zone("nape"),
      ring("spine_high", [0.035 * out, 0.142, -0.006], 0.045, 0.05),
      zone("shoulder"),
      ring("spine_high", [0.075 * out, 0.126, -0.006], 0.046, 0.056, j("scapula"), 0.3),
      ring(j("scapula"), [0.085 * out, -0.02, -0.008], 0.046, 0.056),
      ring(j("shoulder"), [-0.03 * out, -0.008, 0], 0.044, 0.052, "spine_high", 1),
    ],
    [-0.02 * out, 0, 0],
    [0.03 * out, 0, 0],
  );
  const arm = closed(
    [
      wears("top"),
      zone("shoulder"),
      ring(j("shoulder"), [-0.004 * out, 0.004, 0], 0.047, 0.052),
      ring(j("shoulder"), [0.001 * out, -0.035, 0], 0.0495, 0.054),
      zone("upper-arm"),
      ring(j("shoulder"), [0, -0.1, 0], 0.0465, 0.051),
      ring(j("shoulder"), [0, -0.16, 0.001], 0.044, 0.048),
      wears("skin"),
      ring(j("shoulder"), [0, -0.22, 0.002], 0.038, 0.042),
      zone("elbow"),
      ring(j("shoulder"), [0, -0.285, 0], 0.0355, 0.0385),
      ring(j("elbow"), [0, 0, 0], 0.036, 0.039, j("shoulder")),
      zone("forearm"),
      ring(j("elbow"), [0, -0.045, 0.002], 0.038, 0.041, j("forearm"), 0.25),
      ring(j("elbow"), [0, -0.09, 0], 0.036, 0.038, j("forearm"), 0.5),
      ring(j("forearm"), [0, -0.02, 0], 0.031, 0.034),
      ring(j("forearm"), [0, -0.08, 0], 0.024, 0.029),
      zone("wrist"),
      ring(j("wrist"), [0, 0.004, 0], 0.02, 0.026, j("forearm")),
    ],
    [-0.004 * out, 0.038, 0],
    [0, -0.02, 0],
  );
  const palm = closed(
    [
      zone("hand"),
      ring(j("wrist"), [0, 0.008, 0], 0.0175, 0.024, j("forearm")),
      ring(j("wrist"), [0, -0.02, 0.001], 0.0185, 0.033),
      ring(j("wrist"), [0, -0.06, 0.001], 0.0165, 0.0395),
      ring(j("fingers"), [0, 0, 0], 0.0135, 0.0405, j("wrist")),
    ],
    [0, 0.012, 0],
    [0, -0.012, 0],
  );
  // Forefinger to little finger: place across the palm, length, thickness.
  const digits = [[0.0295, 0.94, 0.0098], [0.01, 1, 0.0102], [-0.0095, 0.93, 0.0098], [-0.028, 0.76, 0.0088]];
  const fingers = digits.map(([z, long, r], number) => ({
    rings: closed(
      [
        zone("hand"),
        ring(j("fingers"), [0, 0.006, z], r * 1.02, r * 1.02),
        ring(j("fingers"), [0, -0.022 * long, z], r, r),
        ring(j("fingers_mid"), [0, 0.0397 * (1 - long), z], r * 0.97, r * 0.97, j("fingers")),
        ring(j("fingers_tip"), [0, 0.068 * (1 - long), z], r * 0.92, r * 0.92, j("fingers_mid")),
        ring(j("fingers_tip"), [0, 0.068 * (1 - long) - 0.014, z], r * 0.85, r * 0.85),
      ],
      [0, 0.004, 0],
      [0, -0.009, 0],
    ),
    side,
    knuckle: [0, 0, z],
    spread: [-1, -0.3, 0.35, 1][number],
  }));
  const thumb = closed(
    [
      zone("hand"),
      ring(j("wrist"), [-0.003 * out, -0.022, 0.014], 0.015, 0.016),
      ring(j("thumb"), [0, -0.008, 0.006], 0.0145, 0.014),
      ring(j("thumb_tip"), [0, 0, 0], 0.0118, 0.0118, j("thumb")),
      ring(j("thumb_tip"), [0, -0.018, 0.006], 0.0098, 0.0098),
    ],
    [0, 0.008, 0],
    [0, -0.01, 0.003],
  );
  return [
    { rings: leg, side },
    { rings: foot, side, lies: ["x", "y"] },
    { rings: yoke, side, lies: ["y", "z"] },
    { rings: arm, side },
    { rings: palm, side },
    ...fingers,
    { rings: thumb, side },
  ];
};

const middle = () => {
  const trunk = closed(
    [
      wears("legs"),
      zone("hips"),
      ring("pelvis", [0, -0.05, -0.006], 0.112, 0.088),
      ring("pelvis", [0, 0, -0.012], 0.158, 0.11),
      ring("pelvis", [0, 0.05, -0.012], 0.155, 0.106),
      zone("waist"),
      ring("spine_low", [0, 0.015, 0.003], 0.143, 0.099, "pelvis", 0.4),
      wears("top"),
      ring("spine_low", [0, 0.085, 0.01], 0.134, 0.094, "spine_mid", 0.4),
      ring("spine_mid", [0, 0.035, 0.008], 0.138, 0.097),
      zone("ribs"),
      ring("spine_mid", [0, 0.09, 0.006], 0.147, 0.103, "spine_high", 0.4),
      ring("spine_high", [0, 0.015, 0.004], 0.155, 0.106),
      ring("spine_high", [0, 0.07, 0], 0.158, 0.102),
      ring("spine_high", [0, 0.115, -0.004], 0.138, 0.086),
      ring("spine_high", [0, 0.147, -0.006], 0.098, 0.068),
    ],
    [0, -0.04, 0],
    [0, 0.028, 0],
  );
  const neck = closed(
    [
      zone("neck"),
      ring("spine_high", [0, 0.145, -0.008], 0.06, 0.058),
      ring("neck", [0, 0.005, -0.004], 0.053, 0.055, "spine_high", 0.4),
      ring("neck", [0, 0.05, 0], 0.049, 0.052),
      ring("head", [0, 0.01, 0.002], 0.048, 0.052, "neck"),
    ],
    [0, -0.02, 0],
    [0, 0.02, 0],
  );
  const h = (y, z, wide, deep) => ring("head", [0, y, z], wide, deep);
  const head = closed(
    [
      zone("head"),
      h(-0.034, 0.048, 0.026, 0.03),
      h(-0.018, 0.036, 0.046, 0.056),
      h(0.01, 0.024, 0.06, 0.076),
      h(0.05, 0.016, 0.068, 0.09),
      h(0.095, 0.01, 0.071, 0.096),
      h(0.135, 0.006, 0.066, 0.09),
      h(0.165, 0.004, 0.051, 0.07),
    ],
    [0, -0.012, 0.002],
    [0, 0.026, 0],
  );
  const nose = closed(
    [zone("head"), h(0.072, 0.1, 0.008, 0.01), h(0.05, 0.107, 0.011, 0.014), h(0.036, 0.109, 0.013, 0.014)],
    [0, 0.02, -0.004],
    [0, -0.007, 0],
  );
  const hair = closed(
    [
      wears("hair"),
      zone("head"),
      h(0.0, -0.036, 0.056, 0.042),
      h(0.04, -0.028, 0.068, 0.064),
      h(0.085, -0.014, 0.075, 0.084),
      h(0.125, -0.004, 0.0745, 0.096),
      h(0.155, 0.0, 0.064, 0.086),
    ],
    [0, -0.014, 0.006],
    [0, 0.048, 0],
  );
  const ears = [1, -1].map((out) => ({
    rings: closed(
      [
        zone("head"),
        ring("head", [0.069 * out, 0.036, 0.008], 0.007, 0.012),
        ring("head", [0.071 * out, 0.056, 0.006], 0.009, 0.017),
      ],
      [0, -0.01, 0],
      [0, 0.01, 0],
    ),
  }));
  const eyes = [1, -1].map((out) => ({
    rings: closed(
      [
        wears("hair"),
        zone("head"),
        ring("head", [0.026 * out, 0.056, 0.0965], 0.0058, 0.005),
        ring("head", [0.026 * out, 0.066, 0.0965], 0.0058, 0.005),
      ],
      [0, -0.003, 0],
      [0, 0.003, 0],
    ),
  }));
  return [{ rings: trunk }, { rings: neck }, { rings: head }, { rings: nose }, { rings: hair }, ...ears, ...eyes];
};

const TUBES = [...middle(), ...limbs("l"), ...limbs("r")];
const STOUT = 20; // corners of a ring of trunk and limbs
const FINE = 10; // corners of a ring of a finger
const FINENESS = 0.02; // metres; thinner tubes are drawn with fewer corners
const circle = (count) => Array.from({ length: count }, (_, i) => (2 * Math.PI * i) / count);
const ROUND = Object.fromEntries([STOUT, FINE].map((n) => [n, circle(n).flatMap((a) => [Math.cos(a), Math.sin(a)])]));

/** How much (0 to 1) a point of the skin belongs to body parts of the exercise file. */
const partsOf = (name, front, outward) => {
  const over = (value, from) => Math.min(1, Math.max(0, (value - from) / 0.35 + 0.5));
  const [ahead, behind] = [over(front, 0.1), over(-front, 0.1)];
  switch (name) {
    case "hips":
      return { buttock: behind, "hip-side": over(Math.abs(outward), 0.75) };
    case "hip":
      return { buttock: behind, "hip-side": over(outward, 0.3), "thigh-front": ahead };
    case "thigh":
      return { "thigh-front": ahead, "thigh-back": behind, "thigh-inner": over(-outward, 0.6) };
    case "shank":
      return { calf: over(-front, -0.3), shin: over(front, 0.3) };
    case "waist":
      return { belly: over(front, 0), "lower-back": over(-front, 0) };
    case "ribs":
      return { chest: over(front, 0), "upper-back": over(-front, 0) };
    case "nape":
      return { neck: 1, "upper-back": behind };
    case "shoulder":
      return { shoulder: 1, "upper-back": behind };
    case "upper-arm":
      return { "upper-arm-front": over(front, 0), "upper-arm-back": over(-front, 0) };
    case "wrist":
      return { forearm: 1, hand: 1 };
    default:
      return { [name]: 1 };
  }
};

const AXES = { x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1] };
const BELLY = 0.03; // metres a deep breath lifts the belly, and the lower ribs
const RIBS = 0.014;

/** One surface over all tubes, whose corners are set anew for every posture. */
class Skin {
  constructor(three, skeleton) {
    this.three = three;
    this.loops = [];
    this.hems = [];
    const index = [];
    const neutral = posture(skeleton, {}, [0, 0, 0], [0, 0, 0, 1]);
    const centre = (each) => plus(neutral[each.joint].place, each.at);
    let corners = 0;
    for (const tube of TUBES) {
      const { rings, side = "", lies = ["x", "z"] } = tube;
      const stout = Math.max(...rings.map((each) => Math.max(each.wide, each.deep)));
      const count = stout < FINENESS ? FINE : STOUT;
      // Seen from outside, corners have to run the same way whichever way the tube runs.
      const [u, v] = lies.map((axis) => AXES[axis]);
      const across = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
      const [from, to] = [centre(rings[0]), centre(rings.at(-1))];
      const runs = across[0] * (to[0] - from[0]) + across[1] * (to[1] - from[1]) + across[2] * (to[2] - from[2]) > 0;
      for (const [number, each] of rings.entries()) {
        this.loops.push({ ...each, tube, side, u, v, count, first: corners });
        if (each.isHem) this.hems.push([corners, count]);
        if (number) {
          for (let i = 0; i < count; i += 1) {
            const [c, d] = [corners + i, corners + ((i + 1) % count)];
            const [a, b] = [c - count, d - count];
            index.push(...(runs ? [a, b, c, b, d, c] : [a, c, b, b, c, d]));
          }
        }
        corners += count;
      }
    }
    this.geometry = new three.BufferGeometry();
    this.geometry.setIndex(index);
    for (const [name, size] of [["position", 3], ["normal", 3], ["tone", 3], ["rim", 3], ["hatch", 1]]) {
      this.geometry.setAttribute(name, new three.BufferAttribute(new Float32Array(corners * size), size));
    }
  }

  /** Lay the skin round a posture; `angles` are asked for breath and spread fingers only. */
  lay(body, angles) {
    const { array } = this.geometry.attributes.position;
    const belly = (BELLY * (angles["breath.belly"] ?? 0)) / 100;
    const ribs = (RIBS * (angles["breath.ribs"] ?? 0)) / 100;
    for (const each of this.loops) {
      const joint = body[each.joint];
      let turn = each.other ? blend(joint.turn, body[each.other].turn, each.share) : joint.turn;
      let place = plus(joint.place, turned(joint.turn, each.at));
      if (each.tube.knuckle) {
        const base = body[`fingers_${each.side}`];
        const degrees = each.tube.spread * (angles[`fingers_${each.side}.spread`] ?? 0);
        if (degrees) {
          const back = [-base.turn[0], -base.turn[1], -base.turn[2], base.turn[3]];
          const apart = product(product(base.turn, quaternion("x", degrees)), back);
          const knuckle = plus(base.place, turned(base.turn, each.tube.knuckle));
          place = plus(knuckle, turned(apart, place.map((value, i) => value - knuckle[i])));
          turn = product(apart, turn);
        }
      }
      const [u, v] = [turned(turn, each.u), turned(turn, each.v)];
      const lift = each.zone === "waist" ? belly : each.zone === "ribs" ? ribs : 0;
      const wide = each.wide + (each.zone === "ribs" ? ribs : 0);
      const round = ROUND[each.count];
      let at = 3 * each.first;
      for (let i = 0; i < 2 * each.count; i += 2) {
        const cos = round[i] * wide;
        const sin = round[i + 1] * (round[i + 1] > 0 ? each.deep + lift : each.deep);
        array[at] = place[0] + cos * u[0] + sin * v[0];
        array[at + 1] = place[1] + cos * u[1] + sin * v[1];
        array[at + 2] = place[2] + cos * u[2] + sin * v[2];
        at += 3;
      }
    }
    this.geometry.attributes.position.needsUpdate = true;
    this.geometry.computeVertexNormals();
    // Both sides of a hem are one surface.
    const normals = this.geometry.attributes.normal.array;
    for (const [first, count] of this.hems) {
      for (let i = 3 * first; i < 3 * (first + count); i += 1) {
        normals[i] = normals[i - 3 * count] = (normals[i] + normals[i - 3 * count]) / 2;
      }
    }
  }

  /** Colour the skin: clothes, and what works or is stretched; a sided exercise is shown right. */
  colour(tones, motion) {
    const { tone, rim, hatch } = this.geometry.attributes;
    for (const each of this.loops) {
      for (let i = 0; i < each.count; i += 1) {
        const [cos, sin] = ROUND[each.count].slice(2 * i, 2 * i + 2);
        const parts = Object.entries(partsOf(each.zone, sin, each.side === "r" ? -cos : cos));
        const isMeant = (!motion.sided || each.side !== "l") && each.cloth !== "hair";
        const share = (list) => (isMeant ? Math.max(0, ...parts.map(([part, own]) => (list.includes(part) ? own : 0))) : 0);
        const [works, stretches] = [share(motion.works), share(motion.stretches)];
        const meant = Math.max(works, stretches);
        const edge = each.cloth === "skin" ? tones["skin-edge"] : tones.edge;
        tone.array.set(mix(tones[each.cloth], tones.mark, meant), 3 * (each.first + i));
        rim.array.set(mix(edge, tones["mark-edge"], meant > 0.5 ? 1 : 0), 3 * (each.first + i));
        hatch.array[each.first + i] = works ? 0 : stretches;
      }
    }
    for (const changed of [tone, rim, hatch]) changed.needsUpdate = true;
  }
}

// ---------- the room ----------

const CLOTH = [0.4, 0.28]; // metres across and along a towel laid down
const ROLL = 0.1; // metres along a towel rolled up, which stands higher than a cloth

/** The blocks and rods of furniture: [middle, half its size] in the prop's own frame; metres. */
const blocks = (prop, room) => {
  const top = prop.height || prop.base + 0.015; // a towel has no height of its own
  const [wide, deep] = room.sizes[prop.kind] ?? [CLOTH[0], top - prop.base < 0.04 ? CLOTH[1] : ROLL];
  const legs = (y, thick) =>
    [-1, 1].flatMap((a) =>
      [-1, 1].map((b) => [
        [a * (wide / 2 - thick), y / 2, b * (deep / 2 - thick)],
        [thick, y / 2, thick],
      ]),
    );
  switch (prop.kind) {
    case "chair": {
      const rail = (room.back - top) / 2;
      return [
        [[0, top - 0.02, 0], [wide / 2, 0.02, deep / 2]],
        ...legs(top - 0.04, 0.016),
        [[0, top + rail * 1.5, -deep / 2 - 0.015], [wide / 2, rail * 0.5, 0.012]],
        ...[-1, 1].map((a) => [[a * (wide / 2 - 0.016), top + rail, -deep / 2 - 0.015], [0.016, rail, 0.012]]),
      ];
    }
    case "table":
      return [[[0, top - 0.015, 0], [wide / 2, 0.015, deep / 2]], ...legs(top - 0.03, 0.02)];
    case "bed":
      return [
        [[0, top - 0.09, 0], [wide / 2, 0.09, deep / 2]],
        [[0, (top - 0.18) / 2 + 0.06, 0], [wide / 2 - 0.02, (top - 0.18) / 2 - 0.06, deep / 2 - 0.02]],
      ];
    case "wall":
      return [];
    default: {
      const half = Math.max(0.004, (top - prop.base) / 2);
      return [[[0, top - half, 0], [wide / 2, half, deep / 2]]];
    }
  }
};

const shaders = {
  solid: {
    vertexShader: `
      attribute vec3 tone;
      attribute float hatch;
      varying vec3 vTone;
      varying vec3 vNormal;
      varying float vHatch;
      void main() {
        vTone = tone;
        vHatch = hatch;
        vNormal = normalMatrix * normal;
        gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
      }`,
    // What is stretched wears stripes, so that it does not differ by colour alone.
    fragmentShader: `
      uniform vec3 stripe;
      uniform float pitch;
      varying vec3 vTone;
      varying vec3 vNormal;
      varying float vHatch;
      void main() {
        float light = dot(normalize(vNormal), normalize(vec3(-0.35, 0.75, 0.55)));
        float line = step(0.68, fract((gl_FragCoord.x + gl_FragCoord.y) / pitch)) * step(0.5, vHatch);
        vec3 tone = mix(vTone, stripe, line);
        gl_FragColor = vec4(tone * mix(0.8, 1.0, smoothstep(-0.55, 0.6, light)), 1.0);
      }`,
  },
  edge: {
    vertexShader: `
      attribute vec3 rim;
      uniform float thick;
      varying vec3 vRim;
      void main() {
        vRim = rim;
        vec4 seen = modelViewMatrix * vec4(position, 1.0);
        seen.xyz += normalize(normalMatrix * normal) * thick * -seen.z;
        gl_Position = projectionMatrix * seen;
      }`,
    fragmentShader: `
      varying vec3 vRim;
      void main() { gl_FragColor = vec4(vRim, 1.0); }`,
  },
};

const TONES = [
  ...["skin", "hair", "top", "legs", "shoe", "edge", "skin-edge", "mark", "mark-edge"],
  ...["wood", "wood-edge", "tool", "tool-edge", "floor", "was"],
];
const LENS = 24; // degrees from the lower to the upper edge of the picture
const EDGE = 1.5; // pixels
// What a view comes close to: the joint in its middle, and how far round it one sees, metres.
const CLOSE = { hand: ["fingers", 0.17], foot: ["ankle", 0.22], head: ["head", 0.26], neck: ["neck", 0.3] };

/**
 * Open a scene on a canvas. It offers `lasts` (seconds of one repetition), `turn` and `tilt` (where
 * the exercise is best seen from, degrees), draw(seconds, turn, tilt, mirrored), which returns the
 * phase shown, show(motion), paint() for other colours, fit() for another size, and close().
 */
export const openScene = (three, canvas, skeleton, motion) => {
  const renderer = new three.WebGLRenderer({ canvas, alpha: true, antialias: true, powerPreference: "low-power" });
  // Colours are the page's own and go to the screen as they are.
  const camera = new three.PerspectiveCamera(LENS, 1, 0.05, 40);
  const world = new three.Group();
  const scene = new three.Scene().add(world);
  const skin = new Skin(three, skeleton);
  const tones = {};

  const stripes = { stripe: { value: new three.Vector3() }, pitch: { value: 8 } };
  const solid = new three.ShaderMaterial({ ...shaders.solid, uniforms: stripes });
  const edge = new three.ShaderMaterial({ ...shaders.edge, uniforms: { thick: { value: 0 } }, side: three.BackSide });
  const [floor, shade] = [new three.MeshBasicMaterial(), new three.MeshBasicMaterial()];
  const line = new three.LineBasicMaterial();
  const pane = new three.MeshBasicMaterial({ transparent: true, opacity: 0.45, side: three.DoubleSide, depthWrite: false });

  const body = new three.Mesh(skin.geometry, solid);
  const outline = new three.Mesh(skin.geometry, edge);
  const shadow = new three.Mesh(skin.geometry, shade);
  shadow.scale.y = 0.0001;
  shadow.position.y = 0.002;
  shade.polygonOffset = true;
  shade.polygonOffsetFactor = -1;
  for (const mesh of [body, outline, shadow]) mesh.frustumCulled = false;
  const ground = new three.Mesh(new three.CircleGeometry(1, 64).rotateX(-Math.PI / 2), floor);
  const room = new three.Group();
  world.add(ground, shadow, body, outline, room);

  let held = []; // what moves with the figure: { set(posture), tone }
  let furniture = [];
  let bounds = null;

  const toned = (geometry, name) => {
    const count = geometry.attributes.position.count;
    geometry.setAttribute("tone", new three.BufferAttribute(new Float32Array(count * 3), 3));
    geometry.setAttribute("hatch", new three.BufferAttribute(new Float32Array(count), 1));
    geometry.setAttribute("rim", new three.BufferAttribute(new Float32Array(count * 3), 3));
    geometry.userData.name = name;
    return geometry;
  };

  const block = ([at, half], name) => {
    const geometry = toned(new three.BoxGeometry(...half.map((value) => value * 2)), name);
    const mesh = new three.Mesh(geometry, solid);
    mesh.position.set(...at);
    mesh.add(new three.LineSegments(new three.EdgesGeometry(geometry), line));
    return mesh;
  };

  /** A wall is looked through from either side: it must not hide who stands at it. */
  const wall = () => {
    const geometry = new three.PlaneGeometry(1.7, 2.1);
    const mesh = new three.Mesh(geometry, pane);
    mesh.add(new three.LineSegments(new three.EdgesGeometry(geometry), line));
    mesh.position.set(0, 1.05, 0);
    return mesh;
  };

  /** A thing with an outline of its own. */
  const rimmed = (geometry) => {
    const mesh = new three.Mesh(geometry, solid);
    mesh.add(new three.Mesh(geometry, edge));
    for (const each of [mesh, ...mesh.children]) each.frustumCulled = false;
    return mesh;
  };

  const rod = (radius, name) => {
    const mesh = rimmed(toned(new three.CylinderGeometry(radius, radius, 1, 12), name));
    const up = new three.Vector3(0, 1, 0);
    return {
      mesh,
      lay: (from, to) => {
        const way = new three.Vector3(...to).sub(new three.Vector3(...from));
        mesh.scale.y = Math.max(0.001, way.length());
        mesh.quaternion.setFromUnitVectors(up, way.normalize());
        mesh.position.set(...mix(from, to, 0.5));
      },
    };
  };

  const spot = (joints, [joint, local]) => plus(joints[joint].place, turned(joints[joint].turn, local));
  const palm = (joints, side) => spot(joints, [`fingers_${side}`, [side === "l" ? -0.034 : 0.034, 0.012, 0]]);
  const endOf = (end) => (joints) => {
    if (typeof end !== "string") return end;
    return end.startsWith("hand_") ? palm(joints, end.at(-1)) : spot(joints, skeleton.places[end]);
  };
  const ball = (radius, base = 0) => {
    const mesh = rimmed(toned(new three.SphereGeometry(radius, 20, 14), "tool"));
    mesh.position.y = base + radius;
    return mesh;
  };

  /** Things that hang on the body: where they are follows from the posture. */
  const carried = (prop) => {
    const sides = prop.hand === "both" ? ["l", "r"] : [prop.hand[0]];
    const tied = prop.ends?.length ? prop.ends.map(endOf) : null;
    const grips = tied ?? sides.map((side) => (joints) => palm(joints, side));
    if (prop.kind === "ball") {
      const start = grips.map((grip) => grip(posed(skeleton, motion, 0).joints));
      const room = start.length > 1 ? Math.hypot(...start[0].map((value, i) => value - start[1][i])) / 2 - 0.03 : 0.034;
      const mesh = ball(Math.min(0.13, Math.max(0.034, room)));
      return {
        mesh,
        set: (joints) => mesh.position.set(...grips.map((grip) => grip(joints)).reduce((a, b) => mix(a, b, 0.5))),
      };
    }
    const { mesh, lay } = rod({ stick: 0.012, towel: 0.025 }[prop.kind] ?? 0.008, "tool");
    const alone = { stick: 0.45, towel: 0.12 }[prop.kind] ?? 0.05; // metres to each side of a single hand
    return {
      mesh,
      set: (joints) => {
        let [from, to] = grips.map((grip) => grip(joints));
        if (!to) {
          const along = turned(joints[`wrist_${sides[0]}`].turn, [0, 0, alone]);
          [from, to] = [from.map((value, i) => value - along[i]), plus(from, along)];
        }
        const way = to.map((value, i) => value - from[i]);
        const size = Math.max(0.05, Math.hypot(...way));
        const beyond = prop.kind !== "stick" || grips.length < 2 ? 0 : tied ? 0.12 : Math.max(0.06, (0.95 - size) / 2);
        const more = way.map((value) => (value / size) * beyond);
        lay(from.map((value, i) => value - more[i]), plus(to, more));
      },
    };
  };

  const SMALL = ["chair", "step", "cushion", "mat"]; // a bed or a table may leave the picture

  const furnish = () => {
    const isCarried = (prop) => prop.hand || prop.ends?.length;
    room.clear();
    furniture = [];
    for (const prop of motion.props.filter((each) => !isCarried(each))) {
      const group = new three.Group();
      group.position.set(prop.at[0], 0, prop.at[1]);
      group.rotation.y = prop.turn * RAD;
      if (prop.kind === "wall") group.add(wall());
      else if (prop.kind === "ball") group.add(ball((prop.height || 0.2) / 2, prop.base));
      else {
        const name = prop.kind === "towel" ? "tool" : "wood";
        group.add(...blocks(prop, skeleton.room).map((each) => block(each, name)));
      }
      room.add(group);
      if (!SMALL.includes(prop.kind)) continue;
      const box = new three.Box3().setFromObject(group);
      for (const x of [box.min.x, box.max.x]) {
        for (const y of [box.min.y, box.max.y]) furniture.push([x, y, box.min.z], [x, y, box.max.z]);
      }
    }
    held = motion.props.filter(isCarried).map(carried);
    for (const { mesh } of held) room.add(mesh);
  };

  /** What has to be in the picture: points of the body and of small furniture, metres. */
  const measure = () => {
    const [part, side] = motion.view.close.split(/_(?=[lr]$)/);
    const [joint, about] = CLOSE[part] ?? [part, 0.36];
    const near = side ? `${joint}_${side}` : joint;
    const points = motion.keys.flatMap((key) => {
      const { joints } = posed(skeleton, motion, key.at);
      if (near) return [joints[near].place];
      return [...Object.values(joints).map((joint) => joint.place), spot(joints, ["head", [0, 0.14, 0]])];
    });
    bounds = { points: near ? points : [...points, ...furniture], about: near ? about : 0.09 };
    const [low, high] = [Math.min, Math.max].map((pick) => [0, 1, 2].map((i) => pick(...points.map((p) => p[i]))));
    const reach = Math.max(0.75, Math.hypot(high[0] - low[0], high[2] - low[2]) / 2 + 0.3);
    ground.scale.set(reach, 1, reach);
    ground.position.set((low[0] + high[0]) / 2, 0, (low[2] + high[2]) / 2);
  };

  /** Look from a direction, just as near as everything stays in the picture. */
  const look = (turn, tilt, mirrored) => {
    const [t, h] = [turn * RAD, tilt * RAD];
    const right = [Math.cos(t), 0, -Math.sin(t)];
    const back = [Math.sin(t) * Math.cos(h), Math.sin(h), Math.cos(t) * Math.cos(h)];
    const up = [-Math.sin(t) * Math.sin(h), Math.cos(h), -Math.cos(t) * Math.sin(h)];
    const along = (way, p) => way[0] * p[0] * (mirrored ? -1 : 1) + way[1] * p[1] + way[2] * p[2];
    const seen = bounds.points.map((p) => [along(right, p), along(up, p), along(back, p)]);
    const middles = [0, 1].map((i) => {
      const values = seen.map((p) => p[i]);
      return (Math.min(...values) + Math.max(...values)) / 2;
    });
    const half = Math.tan((LENS / 2) * RAD);
    const away = seen.map(([x, y, z]) => {
      const across = (Math.abs(x - middles[0]) + bounds.about) / camera.aspect;
      return z + Math.max(across, Math.abs(y - middles[1]) + bounds.about) / half;
    });
    const far = Math.max(...away);
    const place = [0, 1, 2].map((i) => right[i] * middles[0] + up[i] * middles[1] + back[i] * far);
    camera.position.set(...place);
    camera.lookAt(...place.map((value, i) => value - back[i]));
  };

  const paint = () => {
    const style = getComputedStyle(canvas);
    for (const name of TONES) {
      const { r, g, b } = new three.Color(style.getPropertyValue(`--f-${name}`).trim());
      tones[name] = [r, g, b];
    }
    stripes.stripe.value.set(...tones["mark-edge"]);
    const painted = [[floor, "floor"], [shade, "was"], [line, "wood-edge"], [pane, "wood"]];
    for (const [material, name] of painted) material.color.setRGB(...tones[name]);
    skin.colour(tones, motion);
    room.traverse(({ geometry }) => {
      const { tone, rim } = geometry?.attributes ?? {};
      if (!tone) return;
      for (let i = 0; i < tone.array.length; i += 3) {
        tone.array.set(tones[geometry.userData.name], i);
        rim.array.set(tones["tool-edge"], i);
      }
      tone.needsUpdate = rim.needsUpdate = true;
    });
  };

  const fit = () => {
    const { clientWidth, clientHeight } = canvas;
    if (!clientWidth || !clientHeight) return;
    renderer.setPixelRatio(Math.min(2, devicePixelRatio));
    renderer.setSize(clientWidth, clientHeight, false);
    camera.aspect = clientWidth / clientHeight;
    camera.updateProjectionMatrix();
    stripes.pitch.value = 7 * renderer.getPixelRatio();
    edge.uniforms.thick.value = (EDGE * 2 * Math.tan((LENS / 2) * RAD)) / clientHeight;
  };

  const opened = {
    canvas,
    fit,
    paint,
    show(other) {
      motion = other;
      Object.assign(opened, { lasts: motion.seconds, turn: motion.view.turn, tilt: motion.view.height });
      furnish();
      measure();
      paint();
    },
    draw(seconds, turn, tilt, mirrored) {
      const { angles, joints } = posed(skeleton, motion, seconds);
      skin.lay(joints, angles);
      for (const thing of held) thing.set(joints);
      world.scale.x = mirrored ? -1 : 1;
      look(turn, tilt, mirrored);
      renderer.render(scene, camera);
      const on = motion.keys.findLastIndex((key) => seconds >= key.at);
      const key = motion.keys[Math.max(0, on)];
      if (seconds <= key.at + key.hold) return key.phase;
      return ["move", "hold"].includes(motion.keys[on + 1]?.phase) ? "move" : "return";
    },
    close() {
      skin.geometry.dispose();
      renderer.dispose();
      renderer.forceContextLoss();
    },
  };
  opened.show(motion);
  fit();
  return opened;
};
