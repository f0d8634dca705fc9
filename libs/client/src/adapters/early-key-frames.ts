/** After publishing: those who were told of the track become ready to decode it within this time. */
const EARLY_KEY_FRAMES_MS = [80, 160, 240, 320, 400, 500];

/** `RTCRtpSender.setParameters` with its second argument (WebRTC Extensions, `RTCSetParameterOptions`). */
interface KeyFrameSender {
  getParameters(): RTCRtpSendParameters;
  setParameters(
    parameters: RTCRtpSendParameters,
    options: { readonly encodingOptions: readonly { readonly keyFrame: boolean }[] },
  ): Promise<void>;
}

/**
 * Sends some key frames soon after a video was published. Viewers ask for one when they are ready, but the first request
 * comes before that, when a pipe opens, and libwebrtc then ignores others for 300 ms: they would wait for a picture that
 * long. A browser that does not know the option takes the call for a plain one.
 */
export function sendEarlyKeyFrames(sender: RTCRtpSender | undefined): void {
  if (!sender) return;
  const asked = sender as unknown as KeyFrameSender;
  for (const delayMs of EARLY_KEY_FRAMES_MS) setTimeout(() => sendKeyFrame(asked), delayMs);
}

function sendKeyFrame(sender: KeyFrameSender): void {
  try {
    const parameters = sender.getParameters();
    if (parameters.encodings.length === 0) return;
    const encodingOptions = parameters.encodings.map(() => ({ keyFrame: true }));
    // Refused when the sender has stopped or was changed meanwhile: then nobody waits for its picture.
    sender.setParameters(parameters, { encodingOptions }).catch(() => undefined);
  } catch {
    return;
  }
}
