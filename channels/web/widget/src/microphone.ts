import { microphoneTrouble, Trouble } from "./trouble.js";

const WISHES: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };

/** Open the microphone, with everything on that helps against echo and noise. Throws `Trouble`. */
export async function openMicrophone(): Promise<MediaStream> {
  if (!isSecureContext) throw new Trouble("insecure");
  if (!navigator.mediaDevices?.getUserMedia) throw new Trouble("unsupported");
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: WISHES });
  } catch (error) {
    throw microphoneTrouble(error);
  }
}

/** Switch the microphone off, and the browser's sign with it. */
export function closeMicrophone(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
