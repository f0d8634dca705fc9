// From proto/skein/control/v1/control.proto

export interface TrackInput {
  trackId?: string;
  identity?: string;
  nodeId?: string;
  kind?: string;
  source?: string;
  mimeType?: string;
  muted?: boolean;
}

export interface Track {
  trackId: string;
  identity: string;
  nodeId: string;
  kind: string;
  source: string;
  mimeType: string;
  muted: boolean;
}
