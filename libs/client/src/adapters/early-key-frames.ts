/** After publishing; receivers become ready to decode the track within this time. */
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
 * Sends some key frames soon after a video is published. Receivers request one when they are ready, but the first request comes
 * before that, when a pipe opens, and libwebrtc then ignores further requests for 300 ms, which would delay the first picture.
 * Browsers without the option ignore it.
 */
export function sendEarlyKeyFrames(sender: RTCRtpSender | undefined): void {
  if (!sender) return;
  const keyFrameSender = sender as unknown as KeyFrameSender;
  for (const delayMs of EARLY_KEY_FRAMES_MS) setTimeout(() => sendKeyFrame(keyFrameSender), delayMs);
}

function sendKeyFrame(sender: KeyFrameSender): void {
  try {
    const parameters = sender.getParameters();
    if (parameters.encodings.length === 0) return;
    const encodingOptions = parameters.encodings.map(() => ({ keyFrame: true }));
    // Refused when the sender has stopped or changed: nobody waits for its picture then.
    sender.setParameters(parameters, { encodingOptions }).catch(() => undefined);
  } catch {
    return;
  }
}
