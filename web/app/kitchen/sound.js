// A short chime for new tickets. Browsers allow sound only after a first touch: from then on it is on, unless
// somebody has turned it off.
import { computed, signal } from "../view.js";

const STORED = "fynlo.sound";
const NOTES_HERTZ = [880, 1175];
const NOTE_SECONDS = 0.16;
const LOUDNESS = 0.25;
const TOUCHES = ["pointerdown", "keydown"];

const wanted = signal(localStorage.getItem(STORED) !== "off");
const allowed = signal(false);
/** "on", "off", or "waiting" for the first touch. */
export const sound = computed(() => (!wanted.value ? "off" : allowed.value ? "on" : "waiting"));
let context = null;

/** Turns the chime on or off; turning it on plays it once. */
export function toggleSound() {
  wanted.value = !wanted.value;
  localStorage.setItem(STORED, wanted.value ? "on" : "off");
  chime();
}

/** Waits for the first touch of the page. */
export function awaitTouch() {
  const touched = () => {
    context ||= new AudioContext();
    context.resume().then(() => {
      allowed.value = true;
      for (const name of TOUCHES) removeEventListener(name, touched, true);
    });
  };
  for (const name of TOUCHES) addEventListener(name, touched, true);
}

/** Two notes, if sound is on. */
export function chime() {
  if (sound.value !== "on") return;
  NOTES_HERTZ.forEach((hertz, index) => {
    const begin = context.currentTime + index * NOTE_SECONDS;
    const [tone, volume] = [context.createOscillator(), context.createGain()];
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(LOUDNESS, begin);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + NOTE_SECONDS);
    tone.connect(volume).connect(context.destination);
    tone.start(begin);
    tone.stop(begin + NOTE_SECONDS);
  });
}
