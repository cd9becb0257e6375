// A short chime for new tickets. Browsers allow sound only after a first touch, and cooks may not want it.
import { signal } from "../view.js";

const STORED = "fynlo.sound";
const NOTES_HERTZ = [880, 1175];
const NOTE_SECONDS = 0.16;
const LOUDNESS = 0.25;

export const soundOn = signal(localStorage.getItem(STORED) === "on");
let context = null;

/** Turns the chime on or off; turning it on plays it once. */
export function toggleSound() {
  soundOn.value = !soundOn.value;
  localStorage.setItem(STORED, soundOn.value ? "on" : "off");
  chime();
}

/** Two notes, if sound is on. */
export function chime() {
  if (!soundOn.value) return;
  context ||= new AudioContext();
  context.resume();
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
